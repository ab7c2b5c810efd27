import type { Delivery } from '../../deliveries/delivery.ts'
import { eventPage } from '../../events/event.ts'
import { Fact, Facts } from '../../facts.tsx'
import { defineTexts } from '../../language.ts'
import { Reason } from '../../reason.tsx'
import { Link } from '../../router.tsx'
import { ExactTime } from '../../time.tsx'
import { WhyItWaits } from './why-it-waits.tsx'

const texts = defineTexts({
  nb: {
    event: 'Hendelse',
    resource: 'Ressurs',
    subject: 'Hvem den gjelder',
    accepted: 'Mottatt',
    run: 'Sendt på nytt',
    times: (count: number) => (count === 1 ? 'Én gang' : `${count} ganger`),
    reason: 'Hvorfor den er oppgitt eller avbrutt',
    sequence: 'Nummer i rekkefølgen',
  },
  en: {
    event: 'Event',
    resource: 'Resource',
    subject: 'Whom it is about',
    accepted: 'Accepted',
    run: 'Sent again',
    times: (count: number) => (count === 1 ? 'Once' : `${count} times`),
    reason: 'Why it is dead or cancelled',
    sequence: 'Number in its order',
  },
})

interface DeliveryFactsProps {
  subscription: string
  delivery: Delivery
}

/** What was delivered, to whom it matters, and how it stands. */
export function DeliveryFacts({ subscription, delivery }: DeliveryFactsProps) {
  const names = texts.use()
  const { event, resource, subject, acceptedAt, run, reason, sequence } = delivery
  return (
    <Facts>
      <Fact name={names.event}>
        <Link to={eventPage(resource, event)}>
          <code>{event}</code>
        </Link>
      </Fact>
      <Fact name={names.accepted}>
        <ExactTime at={acceptedAt} />
      </Fact>
      <Fact name={names.resource}>{resource}</Fact>
      <Fact name={names.subject}>{subject}</Fact>
      <Fact name={names.sequence}>{sequence}</Fact>
      <Fact name={names.run}>{run > 0 && names.times(run)}</Fact>
      <Fact name={names.reason}>{reason !== undefined && <Reason text={reason} />}</Fact>
      {delivery.state === 'waiting' && (
        <WhyItWaits subscription={subscription} delivery={delivery} />
      )}
    </Facts>
  )
}

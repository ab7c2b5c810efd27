import { read } from '../../api.ts'
import { Breadcrumbs } from '../../breadcrumbs.tsx'
import { DeliveryTag } from '../../deliveries/delivery-tag.tsx'
import type { Delivery } from '../../deliveries/delivery.ts'
import { defineTexts } from '../../language.ts'
import { focusHeading, PageHeading } from '../../page-heading.tsx'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import type { PageProps } from '../../routes.ts'
import { Section } from '../../section.tsx'
import { TextBlock } from '../../text-block.tsx'
import { Attempts } from './attempts.tsx'
import { DeliveryFacts } from './facts.tsx'
import { SendAgain } from './send-again.tsx'
import { SentRequest } from './sent-request.tsx'
import { VerifySignature } from './verify-signature.tsx'

const texts = defineTexts({
  nb: {
    title: 'Levering',
    event: 'Hendelsen',
    gone: 'Hendelsen er slettet; hendelser blir oppbevart i 90 dager.',
  },
  en: {
    title: 'Delivery',
    event: 'The event',
    gone: 'The event has been deleted; events are kept for 90 days.',
  },
})

const EVERY_MS = 3000

/** The delivery of one event to one subscription: every attempt, what was sent, and sending it again. */
export function Page({ params: { id = '', event = '' } }: PageProps) {
  const names = texts.use()
  const address = `subscriptions/${encodeURIComponent(id)}/deliveries/${encodeURIComponent(event)}`
  const { data, problem, reload } = useQuery(address, (signal) => read<Delivery>(address, signal), {
    everyMs: EVERY_MS,
  })
  const showRun = () => {
    reload()
    focusHeading() // the button goes
  }
  return (
    <>
      <Breadcrumbs subscription={id} />
      <PageHeading title={names.title}>
        {data !== undefined && <DeliveryTag state={data.state} />}
        {data !== undefined && data.state !== 'waiting' && (
          <SendAgain address={address} onSent={showRun} />
        )}
      </PageHeading>
      <ProblemNotice problem={problem} />
      {data !== undefined && (
        <>
          <DeliveryFacts subscription={id} delivery={data} />
          <Attempts attempts={data.attempts} />
          <Section id="event" title={names.event}>
            {data.cloudEvent === undefined ? (
              <p class="ds-paragraph">{names.gone}</p>
            ) : (
              <TextBlock text={JSON.stringify(data.cloudEvent, undefined, 2)} what={names.event} />
            )}
          </Section>
          {data.request !== undefined && <SentRequest request={data.request} />}
          <VerifySignature request={data.request} />
        </>
      )}
    </>
  )
}

import { NextAttempt } from '../../deliveries/next-attempt.tsx'
import { StateAndReason } from '../../deliveries/state-and-reason.tsx'
import type { EventDelivery } from '../../events/event.ts'
import { defineTexts } from '../../language.ts'
import { Link } from '../../router.tsx'
import { Section } from '../../section.tsx'

const texts = defineTexts({
  nb: {
    title: 'Fikk de den?',
    none: 'Ingen av abonnementene som finnes nå, har fått eller venter på den.',
    subscription: 'Abonnement',
    state: 'Tilstand',
    attempts: 'Forsøk',
    next: 'Neste forsøk',
  },
  en: {
    title: 'Did they get it?',
    none: 'No subscription that exists now has got it or waits for it.',
    subscription: 'Subscription',
    state: 'State',
    attempts: 'Attempts',
    next: 'Next attempt',
  },
})

/** How the event stands at each subscription. */
export function EventDeliveries({
  event,
  deliveries,
}: {
  event: string
  deliveries: EventDelivery[]
}) {
  const names = texts.use()
  return (
    <Section id="deliveries" title={names.title}>
      {deliveries.length === 0 ? (
        <p class="ds-paragraph">{names.none}</p>
      ) : (
        <div class="table-frame" tabIndex={0} role="group" aria-labelledby="deliveries">
          <table class="ds-table" data-color="neutral" data-border>
            <thead>
              <tr>
                <th scope="col">{names.subscription}</th>
                <th scope="col">{names.state}</th>
                <th scope="col" class="number">
                  {names.attempts}
                </th>
                <th scope="col">{names.next}</th>
              </tr>
            </thead>
            <tbody>
              {deliveries.map((delivery) => (
                <Row key={delivery.subscription} event={event} delivery={delivery} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}

function Row({ event, delivery }: { event: string; delivery: EventDelivery }) {
  const { subscription, consumer, attempts } = delivery
  return (
    <tr>
      <td>
        <Link to={`subscriptions/${subscription}/deliveries/${encodeURIComponent(event)}`}>
          {subscription}
        </Link>
        <small class="lines">{consumer}</small>
      </td>
      <td>
        <StateAndReason delivery={delivery} />
      </td>
      <td class="number">{attempts}</td>
      <td>
        <NextAttempt delivery={delivery} />
      </td>
    </tr>
  )
}

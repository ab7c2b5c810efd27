import { NextAttempt } from '../../deliveries/next-attempt.tsx'
import { StateAndReason } from '../../deliveries/state-and-reason.tsx'
import type { EventDelivery } from '../../events/event.ts'
import { defineTexts } from '../../language.ts'
import { Link } from '../../router.tsx'
import { Section } from '../../section.tsx'
import { Table, type Column } from '../../table.tsx'

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
  const columns: Column<EventDelivery>[] = [
    {
      name: names.subscription,
      cell: ({ subscription, consumer }) => (
        <>
          <Link to={`subscriptions/${subscription}/deliveries/${encodeURIComponent(event)}`}>
            {subscription}
          </Link>
          <small class="lines">{consumer}</small>
        </>
      ),
    },
    { name: names.state, cell: (delivery) => <StateAndReason delivery={delivery} /> },
    { name: names.attempts, isNumber: true, cell: ({ attempts }) => attempts },
    { name: names.next, cell: (delivery) => <NextAttempt delivery={delivery} /> },
  ]
  return (
    <Section id="deliveries" title={names.title}>
      {deliveries.length === 0 ? (
        <p class="ds-paragraph">{names.none}</p>
      ) : (
        <Table
          label={{ id: 'deliveries' }}
          columns={columns}
          rows={deliveries}
          keyOf={({ subscription }) => subscription}
          hasBorder
        />
      )}
    </Section>
  )
}

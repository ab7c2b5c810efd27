import type { Attempt, Delivery } from '../../deliveries/delivery.ts'
import { NextAttempt } from '../../deliveries/next-attempt.tsx'
import { StateAndReason } from '../../deliveries/state-and-reason.tsx'
import { defineTexts } from '../../language.ts'
import { Reason } from '../../reason.tsx'
import { Link } from '../../router.tsx'
import { Table, type Column } from '../../table.tsx'
import { Time } from '../../time.tsx'

const texts = defineTexts({
  nb: {
    event: 'Hendelse',
    state: 'Tilstand',
    accepted: 'Mottatt',
    attempts: 'Forsøk',
    last: 'Siste svar',
    next: 'Neste forsøk',
  },
  en: {
    event: 'Event',
    state: 'State',
    accepted: 'Accepted',
    attempts: 'Attempts',
    last: 'Last answer',
    next: 'Next attempt',
  },
})

interface DeliveryTableProps {
  subscription: number
  deliveries: Delivery[]
}

/** One page of deliveries. */
export function DeliveryTable({ subscription, deliveries }: DeliveryTableProps) {
  const names = texts.use()
  const columns: Column<Delivery>[] = [
    {
      name: names.event,
      cell: ({ event, subject }) => (
        <>
          <Link to={`subscriptions/${subscription}/deliveries/${event}`}>
            <code>{event}</code>
          </Link>
          {subject !== undefined && <small class="lines">{subject}</small>}
        </>
      ),
    },
    { name: names.state, cell: (delivery) => <StateAndReason delivery={delivery} /> },
    { name: names.accepted, cell: ({ acceptedAt }) => <Time at={acceptedAt} /> },
    { name: names.attempts, isNumber: true, cell: ({ attempts }) => attempts.length },
    { name: names.last, cell: ({ attempts }) => <Answer attempt={attempts.at(-1)} /> },
    { name: names.next, cell: (delivery) => <NextAttempt delivery={delivery} /> },
  ]
  return (
    <Table
      label={{ id: 'deliveries' }}
      columns={columns}
      rows={deliveries}
      keyOf={({ event }) => event}
      size="sm"
      hasBorder
    />
  )
}

function Answer({ attempt }: { attempt: Attempt | undefined }) {
  if (attempt === undefined) return null
  const { status, failure, ms } = attempt
  return (
    <>
      {status ?? <Reason text={failure ?? ''} />}
      <small class="lines">{ms} ms</small>
    </>
  )
}

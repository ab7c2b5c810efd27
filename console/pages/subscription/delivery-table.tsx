import type { Attempt, Delivery } from '../../deliveries/delivery.ts'
import { NextAttempt } from '../../deliveries/next-attempt.tsx'
import { StateAndReason } from '../../deliveries/state-and-reason.tsx'
import { defineTexts } from '../../language.ts'
import { Reason } from '../../reason.tsx'
import { Link } from '../../router.tsx'
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
  return (
    <div class="table-frame" tabIndex={0} role="group" aria-labelledby="deliveries">
      <table class="ds-table" data-color="neutral" data-border data-size="sm">
        <thead>
          <tr>
            <th scope="col">{names.event}</th>
            <th scope="col">{names.state}</th>
            <th scope="col">{names.accepted}</th>
            <th scope="col" class="number">
              {names.attempts}
            </th>
            <th scope="col">{names.last}</th>
            <th scope="col">{names.next}</th>
          </tr>
        </thead>
        <tbody>
          {deliveries.map((delivery) => (
            <Row key={delivery.event} subscription={subscription} delivery={delivery} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ subscription, delivery }: { subscription: number; delivery: Delivery }) {
  const { event, acceptedAt, attempts, subject } = delivery
  const last = attempts.at(-1)
  return (
    <tr>
      <td>
        <Link to={`subscriptions/${subscription}/deliveries/${event}`}>
          <code>{event}</code>
        </Link>
        {subject !== undefined && <small class="lines">{subject}</small>}
      </td>
      <td>
        <StateAndReason delivery={delivery} />
      </td>
      <td>
        <Time at={acceptedAt} />
      </td>
      <td class="number">{attempts.length}</td>
      <td>{last !== undefined && <Answer attempt={last} />}</td>
      <td>
        <NextAttempt delivery={delivery} />
      </td>
    </tr>
  )
}

function Answer({ attempt: { status, failure, ms } }: { attempt: Attempt }) {
  return (
    <>
      {status ?? <Reason text={failure ?? ''} />}
      <small class="lines">{ms} ms</small>
    </>
  )
}

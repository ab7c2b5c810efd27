import { readPage, read } from '../../api.ts'
import { Button } from '../../button.tsx'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { Link, place, setQuery } from '../../router.tsx'
import { Section } from '../../section.tsx'
import { CircuitDetail, CircuitTag } from '../../subscriptions/circuit-tag.tsx'
import type { Subscription } from '../../subscriptions/subscription.ts'
import { DeliveryTag } from '../../deliveries/delivery-tag.tsx'
import { Time } from '../../time.tsx'

const texts = defineTexts({
  nb: {
    title: 'Abonnementer',
    none: 'Du har ingen abonnementer ennå.',
    name: 'Abonnement',
    state: 'Tilstand',
    waiting: 'Venter',
    dead: 'Oppgitt',
    latest: 'Siste levering',
    never: 'Ingen',
    number: (id: number) => `Nr. ${id}`,
    next: 'Neste side',
  },
  en: {
    title: 'Subscriptions',
    none: 'You have no subscriptions yet.',
    name: 'Subscription',
    state: 'State',
    waiting: 'Waiting',
    dead: 'Dead',
    latest: 'Last delivery',
    never: 'None',
    number: (id: number) => `No. ${id}`,
    next: 'Next page',
  },
})

const PAGE = '20'
const EVERY_MS = 10_000

/** The caller's own subscriptions, with how each is doing. */
export function OwnSubscriptions() {
  const names = texts.use()
  const after = place.use().query.get('after')
  const address = `subscriptions?${new URLSearchParams({
    size: PAGE,
    ...(after !== null && { after }),
  })}`
  const { data, problem } = useQuery(address, (signal) => readAll(address, signal), {
    everyMs: EVERY_MS,
    keeps: true,
  })
  return (
    <Section id="subscriptions" title={names.title}>
      <ProblemNotice problem={problem} />
      {data?.subscriptions.length === 0 && <p class="ds-paragraph">{names.none}</p>}
      {data !== undefined && data.subscriptions.length > 0 && (
        <div class="table-frame" tabIndex={0} role="group" aria-labelledby="subscriptions">
          <table class="ds-table" data-color="neutral" data-border>
            <thead>
              <tr>
                <th scope="col">{names.name}</th>
                <th scope="col">{names.state}</th>
                <th scope="col" class="number">
                  {names.waiting}
                </th>
                <th scope="col" class="number">
                  {names.dead}
                </th>
                <th scope="col">{names.latest}</th>
              </tr>
            </thead>
            <tbody>
              {data.subscriptions.map((subscription) => (
                <Row key={subscription.id} subscription={subscription} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {data?.after && (
        <Button onClick={() => setQuery({ after: data.after ?? undefined }, { isStep: true })}>
          {names.next}
        </Button>
      )}
    </Section>
  )
}

/** Reads a page of them, then each by itself: counts are told where one is read. */
async function readAll(address: string, signal: AbortSignal) {
  const { body, next } = await readPage<{ subscriptions: Subscription[] }>(address, signal)
  const subscriptions = await Promise.all(
    body.subscriptions.map(({ id }) => read<Subscription>(`subscriptions/${id}`, signal)),
  )
  return { subscriptions, after: next && new URLSearchParams(next.split('?')[1]).get('after') }
}

function Row({ subscription }: { subscription: Subscription }) {
  const names = texts.use()
  const { id, endPoint, resourceFilter, typeFilter, counts, latest } = subscription
  return (
    <tr>
      <td>
        <Link to={`subscriptions/${id}`}>{names.number(id)}</Link>
        <div>{endPoint}</div>
        <small>{[resourceFilter, typeFilter].filter(Boolean).join(' · ')}</small>
      </td>
      <td>
        <CircuitTag subscription={subscription} />
        <small class="lines">
          <CircuitDetail subscription={subscription} />
        </small>
      </td>
      <td class="number">{counts?.waiting ?? '–'}</td>
      <td class="number">{counts?.dead ?? '–'}</td>
      <td>
        {latest === undefined ? (
          names.never
        ) : (
          <>
            <DeliveryTag state={latest.state} /> <Time at={latest.at} />
          </>
        )}
      </td>
    </tr>
  )
}

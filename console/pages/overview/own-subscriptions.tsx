import { readPage, read } from '../../api.ts'
import { Button } from '../../button.tsx'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { Link, place, setQuery } from '../../router.tsx'
import { Section } from '../../section.tsx'
import { CircuitDetail, CircuitTag } from '../../subscriptions/circuit-tag.tsx'
import type { Subscription } from '../../subscriptions/subscription.ts'
import { Table, type Column } from '../../table.tsx'
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
        <SubscriptionTable subscriptions={data.subscriptions} />
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

function SubscriptionTable({ subscriptions }: { subscriptions: Subscription[] }) {
  const names = texts.use()
  const columns: Column<Subscription>[] = [
    { name: names.name, cell: (subscription) => <Name subscription={subscription} /> },
    {
      name: names.state,
      cell: (subscription) => (
        <>
          <CircuitTag subscription={subscription} />
          <small class="lines">
            <CircuitDetail subscription={subscription} />
          </small>
        </>
      ),
    },
    { name: names.waiting, isNumber: true, cell: ({ counts }) => counts?.waiting ?? '–' },
    { name: names.dead, isNumber: true, cell: ({ counts }) => counts?.dead ?? '–' },
    { name: names.latest, cell: (subscription) => <Latest subscription={subscription} /> },
  ]
  return (
    <Table
      label={{ id: 'subscriptions' }}
      columns={columns}
      rows={subscriptions}
      keyOf={({ id }) => id}
      hasBorder
    />
  )
}

interface CellProps {
  subscription: Subscription
}

function Name({ subscription: { id, endPoint, resourceFilter, typeFilter } }: CellProps) {
  const { number } = texts.use()
  return (
    <>
      <Link to={`subscriptions/${id}`}>{number(id)}</Link>
      <div>{endPoint}</div>
      <small>{[resourceFilter, typeFilter].filter(Boolean).join(' · ')}</small>
    </>
  )
}

function Latest({ subscription: { latest } }: CellProps) {
  const { never } = texts.use()
  if (latest === undefined) return <>{never}</>
  return (
    <>
      <DeliveryTag state={latest.state} /> <Time at={latest.at} />
    </>
  )
}

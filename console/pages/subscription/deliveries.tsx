import { useEffect, useRef } from 'preact/hooks'
import { read } from '../../api.ts'
import { Button } from '../../button.tsx'
import { deliveryStates } from '../../deliveries/delivery-tag.tsx'
import type { Delivery, DeliveryState } from '../../deliveries/delivery.ts'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { place, setQuery } from '../../router.tsx'
import { focusSection, Section } from '../../section.tsx'
import { DeliveryTable } from './delivery-table.tsx'

const texts = defineTexts({
  nb: {
    title: 'Leveringer',
    show: 'Vis',
    all: 'Alle',
    none: 'Ingen leveringer her.',
    newest: 'Til de nyeste',
    older: 'Eldre',
    news: (count: number) => `${count} nye leveringer`,
  },
  en: {
    title: 'Deliveries',
    show: 'Show',
    all: 'All',
    none: 'No deliveries here.',
    newest: 'To the newest',
    older: 'Older',
    news: (count: number) => `${count} new deliveries`,
  },
})

const EVERY_MS = 2000
const SIZE = '25'
const states: (DeliveryState | 'all')[] = ['all', 'waiting', 'delivered', 'dead', 'cancelled']

interface DeliveryPage {
  deliveries: Delivery[]
  next?: string
}

/** The deliveries of a subscription, newest first. The first page is live; what is chosen is in the address. */
export function Deliveries({ id }: { id: number }) {
  const names = texts.use()
  const stateNames = deliveryStates.use()
  const { query } = place.use()
  const state = states.find((each) => each === query.get('state')) ?? 'all'
  const after = query.get('after') ?? ''
  const asked = new URLSearchParams({
    order: 'newest',
    size: SIZE,
    state,
    ...(after !== '' && { after }),
  })
  const address = `subscriptions/${id}/deliveries?${asked}`
  const { data, problem } = useQuery(address, (signal) => read<DeliveryPage>(address, signal), {
    keeps: true,
    ...(after === '' && { everyMs: EVERY_MS }),
  })
  const news = useNews(address, data?.deliveries)
  const turn = (to: string | undefined) => {
    setQuery({ after: to }, { isStep: true })
    focusSection('deliveries')
  }
  return (
    <Section
      id="deliveries"
      title={names.title}
      actions={
        <label class="row">
          <span>{names.show}</span>
          <select
            class="ds-input"
            data-size="sm"
            value={state}
            onChange={({ currentTarget: { value } }) =>
              setQuery({ state: value === 'all' ? undefined : value, after: undefined })
            }
          >
            {states.map((each) => (
              <option key={each} value={each}>
                {each === 'all' ? names.all : stateNames[each]}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <ProblemNotice problem={problem} />
      <div class="ds-sr-only" role="status">
        {news > 0 && names.news(news)}
      </div>
      {data?.deliveries.length === 0 && <p class="ds-paragraph">{names.none}</p>}
      {data !== undefined && data.deliveries.length > 0 && (
        <DeliveryTable subscription={id} deliveries={data.deliveries} />
      )}
      <div class="row">
        {after !== '' && <Button onClick={() => turn(undefined)}>{names.newest}</Button>}
        {data?.next !== undefined && <Button onClick={() => turn(data.next)}>{names.older}</Button>}
      </div>
    </Section>
  )
}

/** Returns how many deliveries came with the last reading of the same address, to be told to who does not see them. */
function useNews(address: string, deliveries: Delivery[] | undefined): number {
  const before = useRef<{ address: string; events: Set<string> }>(undefined)
  const known = before.current?.address === address ? before.current.events : undefined
  const events = deliveries?.map(({ event }) => event) ?? []
  useEffect(() => {
    if (deliveries !== undefined) before.current = { address, events: new Set(events) }
  }, [address, deliveries])
  return known === undefined ? 0 : events.filter((event) => !known.has(event)).length
}

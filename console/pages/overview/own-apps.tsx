import { useState } from 'preact/hooks'
import { read } from '../../api.ts'
import { Button } from '../../button.tsx'
import { eventPage } from '../../events/event.ts'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { Link } from '../../router.tsx'
import { Section } from '../../section.tsx'
import { Table, type Column } from '../../table.tsx'
import { Time } from '../../time.tsx'
import { PerMinute } from './per-minute.tsx'

const texts = defineTexts({
  nb: {
    title: 'Appene dine',
    none: 'Ingen av appene dine har publisert noe ennå.',
    next: 'Flere apper',
    event: 'Hendelse',
    type: 'Type',
    subject: 'Hvem den gjelder',
    accepted: 'Mottatt',
    newest: (resource: string) => `De nyeste hendelsene til ${resource}`,
  },
  en: {
    title: 'Your apps',
    none: 'None of your apps has published anything yet.',
    next: 'More apps',
    event: 'Event',
    type: 'Type',
    subject: 'Whom it is about',
    accepted: 'Accepted',
    newest: (resource: string) => `The newest events of ${resource}`,
  },
})

const EVERY_MS = 10_000
const SHOWN = 5

interface Activity {
  perMinute: { at: string; count: number }[]
  complete: boolean
  latest: { id: string; type: string; subject?: string; acceptedAt: string }[]
}

/** The apps of an app owner that have events, with the newest of them and how many came in each minute. */
export function OwnApps() {
  const names = texts.use()
  const [after, setAfter] = useState<string>()
  const address = `resources${after === undefined ? '' : `?${new URLSearchParams({ after })}`}`
  const { data, problem } = useQuery(
    address,
    (signal) => read<{ resources: { resource: string }[]; next?: string }>(address, signal),
    { everyMs: 3 * EVERY_MS, keeps: true },
  )
  return (
    <Section id="apps" title={names.title}>
      <ProblemNotice problem={problem} />
      {data?.resources.length === 0 && <p class="ds-paragraph">{names.none}</p>}
      <div>
        {data?.resources.map(({ resource }, index) => (
          <App key={resource} resource={resource} isFirst={index === 0} />
        ))}
      </div>
      {data?.next !== undefined && (
        <Button onClick={() => setAfter(data.next)}>{names.next}</Button>
      )}
    </Section>
  )
}

/** One app; it is asked about while it is open. */
function App({ resource, isFirst }: { resource: string; isFirst: boolean }) {
  const [isOpen, setOpen] = useState(isFirst)
  return (
    <details
      class="ds-details"
      data-color="neutral"
      open={isOpen}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>{resource}</summary>
      <div>{isOpen && <AppActivity resource={resource} />}</div>
    </details>
  )
}

function AppActivity({ resource }: { resource: string }) {
  const address = `resources/${encodeURIComponent(resource)}/activity`
  const { data, problem } = useQuery(address, (signal) => read<Activity>(address, signal), {
    everyMs: EVERY_MS,
  })
  return (
    <div class="stack">
      <ProblemNotice problem={problem} />
      {data !== undefined && (
        <>
          <PerMinute perMinute={data.perMinute} isComplete={data.complete} />
          <Newest resource={resource} events={data.latest.slice(0, SHOWN)} />
        </>
      )}
    </div>
  )
}

function Newest({ resource, events }: { resource: string; events: Activity['latest'] }) {
  const names = texts.use()
  const columns: Column<Activity['latest'][number]>[] = [
    {
      name: names.event,
      cell: ({ id }) => (
        <Link to={eventPage(resource, id)}>
          <code>{id}</code>
        </Link>
      ),
    },
    { name: names.type, cell: ({ type }) => type },
    { name: names.subject, cell: ({ subject }) => subject },
    { name: names.accepted, cell: ({ acceptedAt }) => <Time at={acceptedAt} /> },
  ]
  return (
    <Table
      label={names.newest(resource)}
      columns={columns}
      rows={events}
      keyOf={({ id }) => id}
      size="sm"
    />
  )
}

import { read } from '../../api.ts'
import { eventPage } from '../../events/event.ts'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { Link } from '../../router.tsx'
import { Section } from '../../section.tsx'
import { Time } from '../../time.tsx'
import { PerMinute } from './per-minute.tsx'

const texts = defineTexts({
  nb: {
    title: 'Appene dine',
    none: 'Ingen av appene dine har publisert noe ennå.',
    event: 'Hendelse',
    type: 'Type',
    subject: 'Hvem den gjelder',
    accepted: 'Mottatt',
    newest: (resource: string) => `De nyeste hendelsene til ${resource}`,
  },
  en: {
    title: 'Your apps',
    none: 'None of your apps has published anything yet.',
    event: 'Event',
    type: 'Type',
    subject: 'Whom it is about',
    accepted: 'Accepted',
    newest: (resource: string) => `The newest events of ${resource}`,
  },
})

const EVERY_MS = 5000
const SHOWN = 5

interface Activity {
  perMinute: { at: string; count: number }[]
  complete: boolean
  latest: { id: string; type: string; subject?: string; acceptedAt: string }[]
}

/** The apps of an app owner that have events, with the newest of them and how many came in each minute. */
export function OwnApps() {
  const names = texts.use()
  const { data, problem } = useQuery(
    'resources',
    (signal) => read<{ resources: { resource: string }[] }>('resources', signal),
    { everyMs: 6 * EVERY_MS },
  )
  return (
    <Section id="apps" title={names.title}>
      <ProblemNotice problem={problem} />
      {data?.resources.length === 0 && <p class="ds-paragraph">{names.none}</p>}
      {data?.resources.map(({ resource }) => (
        <App key={resource} resource={resource} />
      ))}
    </Section>
  )
}

function App({ resource }: { resource: string }) {
  const address = `resources/${encodeURIComponent(resource)}/activity`
  const { data, problem } = useQuery(address, (signal) => read<Activity>(address, signal), {
    everyMs: EVERY_MS,
  })
  return (
    <article class="ds-card">
      <h3 class="ds-heading" data-size="2xs">
        {resource}
      </h3>
      <ProblemNotice problem={problem} />
      {data !== undefined && (
        <>
          <PerMinute perMinute={data.perMinute} isComplete={data.complete} />
          <Newest resource={resource} events={data.latest.slice(0, SHOWN)} />
        </>
      )}
    </article>
  )
}

function Newest({ resource, events }: { resource: string; events: Activity['latest'] }) {
  const names = texts.use()
  return (
    <div class="table-frame" tabIndex={0} role="group" aria-label={names.newest(resource)}>
      <table class="ds-table" data-color="neutral" data-size="sm">
        <thead>
          <tr>
            <th scope="col">{names.event}</th>
            <th scope="col">{names.type}</th>
            <th scope="col">{names.subject}</th>
            <th scope="col">{names.accepted}</th>
          </tr>
        </thead>
        <tbody>
          {events.map(({ id, type, subject, acceptedAt }) => (
            <tr key={id}>
              <td>
                <Link to={eventPage(resource, id)}>
                  <code>{id}</code>
                </Link>
              </td>
              <td>{type}</td>
              <td>{subject}</td>
              <td>
                <Time at={acceptedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

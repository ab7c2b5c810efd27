import { ask, pause } from '../../api.ts'
import { defineTexts } from '../../language.ts'
import { useQuery, type Query } from '../../query.ts'
import { Section } from '../../section.tsx'
import { Time } from '../../time.tsx'

const texts = defineTexts({
  nb: {
    title: 'Det du ville fått',
    start: 'Skriv en ressurs eller en kilde for å se hvilke hendelser som passer.',
    wrong: 'Rett det som er feil, for å se hvilke hendelser som passer.',
    none: 'Ressursen har ingen hendelser ennå.',
    count: (matched: string, examined: string) =>
      `${matched} av de ${examined} nyeste hendelsene til ressursen passer.`,
    latest: 'De nyeste som passer:',
  },
  en: {
    title: 'What you would have got',
    start: 'Enter a resource or a source to see which events match.',
    wrong: 'Mend what is wrong to see which events match.',
    none: 'The resource has no events yet.',
    count: (matched: string, examined: string) =>
      `${matched} of the newest ${examined} events of the resource match.`,
    latest: 'The newest that match:',
  },
})

const QUIET_MS = 300 // between the last letter and the question

interface Preview {
  examined: number
  matched: number
  latest: { id: string; type: string; source: string; subject?: string; time?: string }[]
}

/** Asks the API what a subscription would have matched, once its text has been left alone for a moment. */
export function usePreview(body: object): Query<Preview | undefined> {
  const load = async (signal: AbortSignal) => {
    if (!('resourceFilter' in body || 'sourceFilter' in body)) return undefined
    await pause(QUIET_MS, signal)
    return ask<Preview>('subscriptions/preview', body, signal)
  }
  return useQuery(JSON.stringify(body), load, { keeps: true })
}

/** How many of the newest events match, and the newest of them. */
export function Matches({ preview: { data, problem } }: { preview: Query<Preview | undefined> }) {
  const names = texts.use()
  return (
    <aside class="matches">
      <Section id="matches" title={names.title}>
        <p class="ds-paragraph" role="status">
          {data === undefined ? (problem === undefined ? names.start : names.wrong) : told(data)}
        </p>
        {data !== undefined && data.latest.length > 0 && <Latest events={data.latest} />}
      </Section>
    </aside>
  )
}

function told({ examined, matched }: Preview): string {
  const names = texts.now()
  return examined === 0 ? names.none : names.count(String(matched), String(examined))
}

function Latest({ events }: { events: Preview['latest'] }) {
  const { latest } = texts.use()
  return (
    <>
      <p class="ds-paragraph" id="latest">
        {latest}
      </p>
      <ol class="events" aria-labelledby="latest">
        {events.map(({ id, type, subject, time }) => (
          <li key={id}>
            <span>{type}</span>
            <small>
              {subject} {time !== undefined && <Time at={time} />}
            </small>
          </li>
        ))}
      </ol>
    </>
  )
}

import type { EventStatus } from '../../events/event.ts'
import { Fact, Facts } from '../../facts.tsx'
import { defineTexts } from '../../language.ts'
import { ExactTime } from '../../time.tsx'

const texts = defineTexts({
  nb: {
    type: 'Type',
    source: 'Kilde',
    subject: 'Hvem den gjelder',
    accepted: 'Mottatt',
    fannedOut: 'Fordelt til abonnentene',
    pending: 'Ikke ennå',
    subscribers: (count: number) => (count === 1 ? 'én abonnent' : `${count} abonnenter`),
    trace: 'Spor-id',
  },
  en: {
    type: 'Type',
    source: 'Source',
    subject: 'Whom it is about',
    accepted: 'Accepted',
    fannedOut: 'Fanned out',
    pending: 'Not yet',
    subscribers: (count: number) => (count === 1 ? 'one subscriber' : `${count} subscribers`),
    trace: 'Trace id',
  },
})

/** When the event came and was fanned out, and what finds it in the log. */
export function EventFacts({ status }: { status: EventStatus }) {
  const names = texts.use()
  const { event, accepted, fannedOut, traceparent } = status
  return (
    <Facts>
      <Fact name={names.type}>{event.type}</Fact>
      <Fact name={names.subject}>{event.subject}</Fact>
      <Fact name={names.source}>{event.source}</Fact>
      <Fact name={names.accepted}>
        <ExactTime at={accepted} />
      </Fact>
      <Fact name={names.fannedOut}>
        {fannedOut === undefined ? (
          names.pending
        ) : (
          <>
            <ExactTime at={fannedOut.at} />, {names.subscribers(fannedOut.subscribers)}
          </>
        )}
      </Fact>
      <Fact name={names.trace}>
        <code>{traceparent.split('-')[1]}</code>
      </Fact>
    </Facts>
  )
}

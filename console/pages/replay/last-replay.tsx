import { useAction } from '../../action.ts'
import { send } from '../../api.ts'
import { Button } from '../../button.tsx'
import { Fact, Facts } from '../../facts.tsx'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import { Link } from '../../router.tsx'
import { Section } from '../../section.tsx'
import { ExactTime } from '../../time.tsx'
import type { Only } from './choice.ts'

const texts = defineTexts({
  nb: {
    title: 'Sist sendt på nytt',
    running: 'Holder på',
    done: 'Ferdig',
    cancelled: 'Avbrutt',
    only: 'Hva',
    dead: 'Det som var oppgitt',
    missing: 'Det som manglet',
    all: 'Alt',
    from: 'Fra',
    to: 'Til',
    examined: 'Gått gjennom',
    sent: 'Sendt på nytt',
    cancel: 'Avbryt',
    kept: 'Det som alt er lagt i kø, blir sendt.',
    follow: 'Se leveringene',
    progress: 'Hvor langt det er kommet',
  },
  en: {
    title: 'Last sent again',
    running: 'Running',
    done: 'Done',
    cancelled: 'Cancelled',
    only: 'What',
    dead: 'What was dead',
    missing: 'What was missing',
    all: 'Everything',
    from: 'From',
    to: 'To',
    examined: 'Examined',
    sent: 'Sent again',
    cancel: 'Cancel',
    kept: 'What is in the backlog already is sent.',
    follow: 'See the deliveries',
    progress: 'How far it is',
  },
})

const colors = { running: 'info', done: 'success', cancelled: 'neutral' }

/** A replay as the API shows it. */
export interface Replay {
  id: string
  only: Only
  from: string
  to: string
  state: keyof typeof colors
  examined: number
  sent: number
}

interface LastReplayProps {
  subscription: string
  replay: Replay
  /** How many it was to be, where that is known. */
  count: string | undefined
  onChange: () => void
}

/** How the last replay goes, and how it is cancelled. */
export function LastReplay({ subscription, replay, count, onChange }: LastReplayProps) {
  const names = texts.use()
  const { state, only, from, to, examined, sent } = replay
  const expected = Number(count) // NaN of none, and of "1000+": then the bar does not say how far
  return (
    <Section
      id="last"
      title={names.title}
      actions={
        <span role="status">
          <span class="ds-tag" data-color={colors[state]}>
            {names[state]}
          </span>
        </span>
      }
    >
      {state === 'running' && (
        <progress
          aria-label={names.progress}
          {...(expected > 0 && { max: expected, value: sent })}
        />
      )}
      <Facts>
        <Fact name={names.sent}>{sent}</Fact>
        <Fact name={names.examined}>{examined}</Fact>
        <Fact name={names.only}>{names[only]}</Fact>
        <Fact name={names.from}>
          <ExactTime at={from} />
        </Fact>
        <Fact name={names.to}>
          <ExactTime at={to} />
        </Fact>
      </Facts>
      {state === 'running' && <Cancel subscription={subscription} onCancel={onChange} />}
      {state === 'cancelled' && <p class="ds-paragraph">{names.kept}</p>}
      <p>
        <Link to={`subscriptions/${subscription}`}>{names.follow}</Link>
      </p>
    </Section>
  )
}

function Cancel({ subscription, onCancel }: { subscription: string; onCancel: () => void }) {
  const { cancel } = texts.use()
  const { run, isRunning, problem } = useAction(async () => {
    await send('DELETE', `subscriptions/${subscription}/replay`).finally(onCancel)
  })
  return (
    <>
      <ProblemNotice problem={problem} />
      <Button onClick={run} isRunning={isRunning}>
        {cancel}
      </Button>
    </>
  )
}

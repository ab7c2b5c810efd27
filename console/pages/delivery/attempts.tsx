import type { Attempt } from '../../deliveries/delivery.ts'
import { defineTexts } from '../../language.ts'
import { Reason } from '../../reason.tsx'
import { Section } from '../../section.tsx'
import { ExactTime } from '../../time.tsx'

const texts = defineTexts({
  nb: {
    title: 'Forsøk',
    none: 'Den er ikke forsøkt ennå.',
    took: (ms: number) => `${ms} ms`,
    empty: 'Svaret hadde ikke noe innhold.',
    answered: (status: number) => `Svarte ${status}`,
  },
  en: {
    title: 'Attempts',
    none: 'It has not been attempted yet.',
    took: (ms: number) => `${ms} ms`,
    empty: 'The answer had no body.',
    answered: (status: number) => `Answered ${status}`,
  },
})

/** Every attempt on a time line: when, how long it took, and what the endpoint answered. */
export function Attempts({ attempts }: { attempts: Attempt[] }) {
  const names = texts.use()
  return (
    <Section id="attempts" title={names.title}>
      {attempts.length === 0 && <p class="ds-paragraph">{names.none}</p>}
      <ol class="time-line">
        {attempts.map((attempt) => (
          <Entry key={attempt.at} attempt={attempt} />
        ))}
      </ol>
    </Section>
  )
}

function Entry({ attempt: { at, ms, status, answer, failure } }: { attempt: Attempt }) {
  const names = texts.use()
  const isGood = status !== undefined && status >= 200 && status < 300
  return (
    <li data-color={isGood ? 'success' : 'danger'}>
      <div class="row">
        <span class="ds-tag" data-size="sm" data-color={isGood ? 'success' : 'danger'}>
          {status === undefined ? <Reason text={failure ?? ''} /> : names.answered(status)}
        </span>
        <ExactTime at={at} />
        <small>{names.took(ms)}</small>
      </div>
      {answer === '' && <small>{names.empty}</small>}
      {answer !== undefined && answer !== '' && (
        <pre>
          <code>{answer}</code>
        </pre>
      )}
    </li>
  )
}

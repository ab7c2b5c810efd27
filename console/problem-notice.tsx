import type { ApiProblem } from './api.ts'
import { defineTexts } from './language.ts'

const texts = defineTexts({
  nb: {
    unanswered:
      'Tjenesten svarte ikke. Det er uvisst om endringen ble gjort; se etter før du prøver igjen.',
    unnamed: (status: number) => `Tjenesten svarte ${status} uten å si hvorfor.`,
    forbidden: 'Du har ikke rett til dette:',
    missing: 'Dette finnes ikke:',
    conflict: 'Dette går ikke nå:',
    wrong: 'Noe i det som ble sendt er feil:',
    unavailable: 'Tjenesten klarte det ikke nå:',
    trace: 'Spor-id',
  },
  en: {
    unanswered:
      'The service did not answer. Whether the change was made is not known; look before you try again.',
    unnamed: (status: number) => `The service answered ${status} and did not say why.`,
    forbidden: 'You have no right to this:',
    missing: 'This does not exist:',
    conflict: 'This is not possible now:',
    wrong: 'Something in what was sent is wrong:',
    unavailable: 'The service could not do it now:',
    trace: 'Trace id',
  },
})

/** Says what the API refused, in the reader's language as far as the status tells, and with the API's own sentence. */
export function ProblemNotice({ problem }: { problem: ApiProblem | undefined }) {
  const { trace } = texts.use()
  if (problem === undefined) return null
  const details = [...new Set([problem.message, ...problem.errors.map(({ detail }) => detail)])]
  return (
    <div class="ds-alert" data-color="danger" role="alert">
      <p class="ds-paragraph">{introduction(problem)}</p>
      {details.map((detail) => (
        <p class="ds-paragraph" lang="en" key={detail}>
          {detail}
        </p>
      ))}
      {problem.traceId !== '' && (
        <p class="ds-paragraph" data-size="xs">
          {trace}: <code>{problem.traceId}</code>
        </p>
      )}
    </div>
  )
}

function introduction({ status, message }: ApiProblem): string {
  const names = texts.now()
  if (status === 0) return names.unanswered
  if (message === '') return names.unnamed(status)
  if (status === 403) return names.forbidden
  if (status === 404) return names.missing
  if (status === 409) return names.conflict
  return status < 500 ? names.wrong : names.unavailable
}

import type { ApiProblem } from './api.ts'
import { defineTexts } from './language.ts'

const texts = defineTexts({
  nb: {
    unanswered:
      'Tjenesten svarte ikke. Det er uvisst om endringen ble gjort; se etter før du prøver igjen.',
    unnamed: (status: number) => `Tjenesten svarte ${status} uten å si hvorfor.`,
    wrong: 'Noe i det som ble sendt er feil:',
    failed: 'Tjenesten klarte det ikke:',
    401: 'Du må logge inn for dette:',
    403: 'Du har ikke rett til dette:',
    404: 'Dette finnes ikke:',
    408: 'Tjenesten fikk ikke hele forespørselen i tide. Prøv igjen:',
    409: 'Dette går ikke nå:',
    412: 'Noen andre har endret dette i mellomtiden. Last siden på nytt:',
    413: 'Dette er for stort:',
    429: 'Dette er for mange forespørsler. Vent litt, og prøv igjen:',
    503: 'Tjenesten er ikke tilgjengelig nå. Vent litt, og prøv igjen:',
    trace: 'Spor-id',
  },
  en: {
    unanswered:
      'The service did not answer. Whether the change was made is not known; look before you try again.',
    unnamed: (status: number) => `The service answered ${status} and did not say why.`,
    wrong: 'Something in what was sent is wrong:',
    failed: 'The service could not do it:',
    401: 'You must sign in for this:',
    403: 'You have no right to this:',
    404: 'This does not exist:',
    408: 'The service did not get the whole request in time. Try again:',
    409: 'This is not possible now:',
    412: 'Somebody else has changed this meanwhile. Reload the page:',
    413: 'This is too large:',
    429: 'These are too many requests. Wait a little, and try again:',
    503: 'The service is not available now. Wait a little, and try again:',
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
  if (isNamed(status)) return names[status]
  return status < 500 ? names.wrong : names.failed
}

const named = [401, 403, 404, 408, 409, 412, 413, 429, 503] as const
const isNamed = (status: number): status is (typeof named)[number] =>
  named.some((each) => each === status)

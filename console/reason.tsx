import { defineTexts } from './language.ts'
import { fullTime } from './time.tsx'

/** The reasons that the API gives, by their form. `part` is what the text repeats, `rest` a reason within. */
const forms = [
  ['gaveUp', /^gave up after (?<part>\d+) attempts: (?<rest>.+)$/s],
  ['disabled', /^the subscription is disabled: (?<rest>.+)$/s],
  ['answered', /^answered (?<part>\d+)$/],
  ['gone', /^410$/],
  ['header', /^disabled by webhook-delivery header$/],
  ['failures', /^only failures since (?<part>\d{4}-[\d.:TZ-]+)$/],
  ['deleted', /^the subscription was deleted$/],
  ['withdrawn', /^the right to the events of the resource was withdrawn$/],
  ['missing', /^the event is gone$/],
  ['timeout', /^timeout: no answer within the time limit$/],
  ['refused', /^refused: the connection was refused$/],
  ['reset', /^reset: the connection was closed before an answer$/],
  ['dns', /^dns: the host name cannot be resolved(?<part>: \w+)?$/],
  ['tls', /^tls: no TLS connection: (?<part>\w+)$/],
  ['address', /^address: the host's address is /],
  ['headers', /^other: the headers of the answer are too large$/],
  ['http', /^other: the answer is not valid HTTP$/],
  ['interim', /^other: more than \d+ interim answers \(1xx\)$/],
  ['upgrade', /^other: the answer switches to another protocol$/],
  ['unreachable', /^other: no network leads to the host$/],
] as const

type Name = (typeof forms)[number][0]

const texts = defineTexts<Record<Name, (part: string) => string>>({
  nb: {
    gaveUp: (count) => `Ga opp etter ${count} forsøk`,
    disabled: () => 'Abonnementet er slått av',
    answered: (status) => `Svarte ${status}`,
    gone: () => 'Svarte 410: vil ikke ha flere hendelser',
    header: () => 'Slått av med hodet webhook-delivery',
    failures: (since) => `Bare feil siden ${fullTime(new Date(since))}`,
    deleted: () => 'Abonnementet er slettet',
    withdrawn: () => 'Retten til hendelsene om ressursen er trukket tilbake',
    missing: () => 'Hendelsen finnes ikke lenger',
    timeout: () => 'Svarte ikke innen fristen',
    refused: () => 'Forbindelsen ble avvist',
    reset: () => 'Forbindelsen ble lukket før det kom et svar',
    dns: (code) => `Finner ikke verten${code}`,
    tls: (code) => `Fikk ingen TLS-forbindelse: ${code}`,
    address: () => 'Verten har en adresse som ikke er tillatt',
    headers: () => 'Svaret har for store hoder',
    http: () => 'Svaret er ikke gyldig HTTP',
    interim: () => 'For mange foreløpige svar (1xx)',
    upgrade: () => 'Svaret bytter til en annen protokoll',
    unreachable: () => 'Ingen nettverk fører til verten',
  },
  en: {
    gaveUp: (count) => `Gave up after ${count} attempts`,
    disabled: () => 'The subscription is disabled',
    answered: (status) => `Answered ${status}`,
    gone: () => 'Answered 410: wants no more events',
    header: () => 'Disabled by the webhook-delivery header',
    failures: (since) => `Only failures since ${fullTime(new Date(since))}`,
    deleted: () => 'The subscription was deleted',
    withdrawn: () => 'The right to the events of the resource was withdrawn',
    missing: () => 'The event is gone',
    timeout: () => 'No answer within the time limit',
    refused: () => 'The connection was refused',
    reset: () => 'The connection was closed before an answer',
    dns: (code) => `The host is not found${code}`,
    tls: (code) => `No TLS connection: ${code}`,
    address: () => 'The host has an address that is not allowed',
    headers: () => 'The headers of the answer are too large',
    http: () => 'The answer is not valid HTTP',
    interim: () => 'Too many interim answers (1xx)',
    upgrade: () => 'The answer switches to another protocol',
    unreachable: () => 'No network leads to the host',
  },
})

/** A reason of the API in the language of the reader; in the API's own English where it is not known here. */
export function Reason({ text }: { text: string }) {
  const names = texts.use()
  for (const [name, form] of forms) {
    const found = form.exec(text)
    if (found === null) continue
    const { part = '', rest } = found.groups ?? {}
    return (
      <span>
        {names[name](part)}
        {rest !== undefined && (
          <>
            . <Reason text={rest} />
          </>
        )}
      </span>
    )
  }
  return <span lang="en">{text}</span>
}

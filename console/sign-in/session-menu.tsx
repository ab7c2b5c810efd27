import { useEffect, useState } from 'preact/hooks'
import { defineTexts } from '../language.ts'
import {
  isReadingByCookie,
  session,
  signInReason,
  signOut,
  type Session,
  type Who,
} from '../session.ts'

const texts = defineTexts({
  nb: {
    org: (name: string) => `Tjenesteeier ${name}`,
    organisation: (name: string) => `Organisasjon ${name}`,
    systemUser: (name: string) => `Systembruker for ${name}`,
    person: 'Innlogget person',
    unknown: 'Innlogget',
    nobody: 'Ikke logget inn',
    cookie: 'Leser med Altinns informasjonskapsel',
    expires: (minutes: number) => `Utløper om ${minutes} min`,
    expired: 'Utløpt',
    signIn: 'Logg inn',
    signOut: 'Logg ut',
  },
  en: {
    org: (name: string) => `App owner ${name}`,
    organisation: (name: string) => `Organisation ${name}`,
    systemUser: (name: string) => `System user of ${name}`,
    person: 'Signed-in person',
    unknown: 'Signed in',
    nobody: 'Not signed in',
    cookie: 'Reading by Altinn’s cookie',
    expires: (minutes: number) => `Expires in ${minutes} min`,
    expired: 'Expired',
    signIn: 'Sign in',
    signOut: 'Sign out',
  },
})

/** Who is signed in and for how long; in and out. */
export function SessionMenu() {
  const names = texts.use()
  const current = session.use()
  const reason = signInReason.use()
  const byCookie = isReadingByCookie.use()
  if (current === undefined)
    return (
      <div class="session">
        <span>{byCookie ? names.cookie : names.nobody}</span>
        {reason === undefined && (
          <button
            class="ds-button"
            data-variant="secondary"
            data-size="sm"
            type="button"
            onClick={() => signInReason.set('asked')}
          >
            {names.signIn}
          </button>
        )}
      </div>
    )
  return (
    <div class="session">
      <span>
        {nameOf(current.who)} <Expiry expires={current.expires} />
      </span>
      <button
        class="ds-button"
        data-variant="secondary"
        data-size="sm"
        type="button"
        onClick={signOut}
      >
        {names.signOut}
      </button>
    </div>
  )
}

function nameOf({ kind, name = '' }: Who): string {
  const text = texts.now()[kind]
  return typeof text === 'string' ? text : text(name)
}

function Expiry({ expires }: Pick<Session, 'expires'>) {
  const names = texts.use()
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000)
    return () => clearInterval(timer)
  }, [])
  if (expires === undefined) return null
  const minutes = Math.ceil((expires.getTime() - now) / 60_000)
  return <small>{minutes > 0 ? names.expires(minutes) : names.expired}</small>
}

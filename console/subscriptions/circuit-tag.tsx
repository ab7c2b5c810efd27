import { defineTexts } from '../language.ts'
import { Reason } from '../reason.tsx'
import { Time } from '../time.tsx'
import type { Subscription } from './subscription.ts'

const texts = defineTexts({
  nb: {
    unvalidated: 'Ikke validert',
    closed: 'Leverer',
    failing: 'Feiler',
    'half-open': 'Prøver igjen',
    draining: 'Tar igjen etterslepet',
    open: 'Stanset',
    paused: 'Satt på pause',
    disabled: 'Slått av',
    failed: 'Begynte å feile',
    ended: 'Slått av',
    held: 'Satt på pause',
    until: 'Prøver igjen',
    resumes: 'Fortsetter',
  },
  en: {
    unvalidated: 'Not validated',
    closed: 'Delivering',
    failing: 'Failing',
    'half-open': 'Trying again',
    draining: 'Catching up',
    open: 'Stopped',
    paused: 'Paused',
    disabled: 'Disabled',
    failed: 'Began to fail',
    ended: 'Disabled',
    held: 'Paused',
    until: 'Tries again',
    resumes: 'Resumes',
  },
})

type Health = keyof ReturnType<typeof texts.now> & keyof typeof colors

const colors = {
  unvalidated: 'warning',
  closed: 'success',
  failing: 'warning',
  'half-open': 'warning',
  draining: 'info',
  open: 'danger',
  paused: 'neutral',
  disabled: 'danger',
} as const

/** Returns how a subscription is doing, in one word. */
function healthOf({ validated, circuit }: Subscription): Health {
  if (circuit.state === 'disabled') return 'disabled'
  if (!validated) return 'unvalidated'
  return circuit.state === 'closed' && circuit.failingSince !== undefined
    ? 'failing'
    : circuit.state
}

/** How a subscription is doing, in words and a colour. */
export function CircuitTag({ subscription }: { subscription: Subscription }) {
  const names = texts.use()
  const health = healthOf(subscription)
  return (
    <span class="ds-tag" data-color={colors[health]}>
      {names[health]}
    </span>
  )
}

/** Since when, until when and why, where it does not go well. */
export function CircuitDetail({ subscription }: { subscription: Subscription }) {
  const names = texts.use()
  const { circuit, validated, validationFailure } = subscription
  const { state, failingSince, since, until, reason } = circuit
  const failure = validated ? undefined : validationFailure?.reason
  const why = state === 'paused' ? failure : (reason ?? failure) // a pause is told below
  return (
    <>
      {why !== undefined && <Reason text={why} />}
      {failingSince !== undefined && (
        <span>
          {names.failed} <Time at={failingSince} />
        </span>
      )}
      {since !== undefined && (
        <span>
          {state === 'paused' ? names.held : names.ended} <Time at={since} />
        </span>
      )}
      {until !== undefined && (
        <span>
          {state === 'paused' ? names.resumes : names.until} <Time at={until} isDue />
        </span>
      )}
    </>
  )
}

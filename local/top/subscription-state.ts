/** A subscription as the API shows it, as far as the table reads it; times are ISO texts. */
export interface Subscription {
  id: number
  endPoint: string
  resourceFilter?: string
  typeFilter?: string
  validated: boolean
  validationFailure?: { reason: string }
  circuit: {
    state: string
    failingSince?: string
    since?: string
    until?: string
    reason?: string
    waiting?: string
  }
  counts?: { waiting: string; dead: string }
  latest?: { state: string; at: string }
}

type Colour = 'green' | 'yellow' | 'red'

/** Returns the state of a subscription in words, and how bad that is. */
export function stateOf({ validated, validationFailure, circuit }: Subscription): {
  words: string
  colour: Colour
} {
  const { state, failingSince, since, until, reason } = circuit
  if (state === 'disabled')
    return { words: `disabled since ${clockTime(since)}: ${reason}`, colour: 'red' }
  if (!validated)
    return {
      words: validationFailure ? `not validated: ${validationFailure.reason}` : 'being validated',
      colour: 'yellow',
    }
  if (state === 'open') return { words: `open until ${clockTime(until)}: ${reason}`, colour: 'red' }
  if (state === 'paused')
    return { words: `paused by its owner since ${clockTime(since)}`, colour: 'yellow' }
  if (state === 'half-open') return { words: 'being tried again', colour: 'yellow' }
  if (state === 'draining') return { words: 'catching up', colour: 'yellow' }
  return failingSince === undefined
    ? { words: 'well', colour: 'green' }
    : { words: `failing since ${clockTime(failingSince)}`, colour: 'yellow' }
}

/** Whether somebody should look at it. */
export const isBad = (subscription: Subscription): boolean =>
  stateOf(subscription).colour !== 'green'

/** Returns the last answer, and how long ago it came. */
export const lastAnswerOf = ({ latest }: Subscription, now: number): string | undefined =>
  latest && `${latest.state} ${age(now - Date.parse(latest.at))}`

function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (!(seconds >= 60)) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`
  return seconds < 86_400
    ? `${Math.round(seconds / 3600)} h ago`
    : `${Math.round(seconds / 86_400)} d ago`
}

/** The time of today, else the day too. */
function clockTime(iso: string | undefined): string {
  const date = new Date(iso ?? Number.NaN)
  if (Number.isNaN(date.getTime())) return String(iso)
  const isToday = date.toDateString() === new Date().toDateString()
  return isToday ? date.toLocaleTimeString('nb') : date.toLocaleString('nb')
}

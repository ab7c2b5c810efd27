import { useEffect, useState } from 'preact/hooks'
import { locale } from './language.ts'

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** Returns how long ago, or until: "for 3 minutter siden". */
function relativeTime(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000)
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(
    Math.trunc(seconds / size),
    unit,
  )
}

/** Returns date and time to the second, in the reader's time zone. */
export const fullTime = (at: Date): string =>
  at.toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'medium' })

interface TimeProps {
  at: string
  /** Whether it is when something is to happen: once it has passed, that is now. */
  isDue?: boolean
}

/** A point in time as people say it; the exact one is in its title. */
export function Time({ at, isDue = false }: TimeProps) {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5000)
    return () => clearInterval(timer)
  }, [])
  const date = new Date(at)
  return (
    <time dateTime={at} title={fullTime(date)}>
      {relativeTime(isDue ? Math.max(date.getTime(), now) : date.getTime(), now)}
    </time>
  )
}

/** The same, written out. */
export const ExactTime = ({ at }: { at: string }) => (
  <time dateTime={at}>{fullTime(new Date(at))}</time>
)

// The schedules of timer triggers, in UTC: NCRONTAB ("second minute hour day month weekday"), or a TimeSpan.
import { parseTimeSpan } from './settings.ts'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const day = 86_400_000
// The fields in their order; a time that does not fit one is followed by the start of that field's next unit.
const fields = [
  { min: 0, max: 59, unit: 1000, part: (time: Date) => time.getUTCSeconds() },
  { min: 0, max: 59, unit: 60_000, part: (time: Date) => time.getUTCMinutes() },
  { min: 0, max: 23, unit: 3_600_000, part: (time: Date) => time.getUTCHours() },
  { min: 1, max: 31, unit: day, part: (time: Date) => time.getUTCDate() },
  { min: 1, max: 12, unit: day, part: (time: Date) => time.getUTCMonth() + 1, names: months },
  { min: 0, max: 6, unit: day, part: (time: Date) => time.getUTCDay(), names: weekdays },
]

/** Reads a schedule; day and weekday must both fit (NCrontab, unlike cron). What it gives back finds the next time after the one given. */
export function parseSchedule(text: string): (after: Date) => Date {
  const span = parseTimeSpan(text)
  if (span) return (after) => new Date(after.getTime() + span)
  const texts = text.trim().split(/\s+/)
  if (texts.length !== fields.length)
    throw new Error(`"${text}" is neither a TimeSpan nor six fields`)
  const parsed = fields.map((field, index) => ({
    ...field,
    values: parseField(texts[index] ?? '', field),
  }))
  parsed.reverse() // the coarsest first
  return (after) => {
    const end = after.getTime() + 9 * 366 * day // leap days are at most eight years apart
    for (let time = after.getTime() - after.getUTCMilliseconds() + 1000; time < end;) {
      const misfit = parsed.find(({ values, part }) => !values.has(part(new Date(time))))
      if (!misfit) return new Date(time)
      time += misfit.unit - (time % misfit.unit)
    }
    throw new Error(`the schedule "${text}" never comes`)
  }
}

function parseField(
  text: string,
  { min, max, names = [] }: { min: number; max: number; names?: string[] },
) {
  const number = (name: string) => {
    const index = names.indexOf(name.toLowerCase())
    return index < 0 ? Number(name) : index + min
  }
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const [, from = '', to, every = '1'] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? []
    const first = from === '*' ? min : number(from)
    const last = to ? number(to) : from === '*' || part.includes('/') ? max : first
    const valid = first >= min && first <= last && last <= max && Number(every) > 0
    if (!valid) throw new Error(`"${text}" is not a field of a schedule (${min} to ${max})`)
    for (let value = first; value <= last; value += Number(every)) values.add(value)
  }
  return values
}

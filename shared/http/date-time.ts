const dateTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))? ?(Z|[+-]\d\d:\d\d)?$/i

/** Returns a date and time with its time zone in ms of the epoch, or what is wrong with it; fractions of a ms are cut off. */
export function parseDateTime(value: string): number | 'no time' | 'no timezone' {
  const [, date = '', time = '00:00', zone] = dateTime.exec(value) ?? []
  const ms = Date.parse(`${date}T${time}${zone ?? 'Z'}`)
  if (Number.isNaN(ms) || !isCalendarDate(date)) return 'no time'
  return zone === undefined ? 'no timezone' : ms
}

/** JavaScript parses 30 February as 2 March. */
const isCalendarDate = (date: string): boolean => new Date(date).toISOString().startsWith(date)

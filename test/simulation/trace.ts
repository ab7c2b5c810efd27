const KEPT = 200_000

/** What has happened, line by line: only while a failure is looked into, since it costs more than all the rest. */
export function createTrace(isOn: boolean, now: () => number) {
  const lines: string[] = []
  return {
    isOn,
    add(who: string, what: string): void {
      if (!isOn) return
      lines.push(`${timeOf(now())} ${who.padEnd(4)} ${what}`)
      if (lines.length > KEPT) lines.splice(0, KEPT / 2)
    },
    last: (count: number): string[] => lines.slice(-count),
  }
}

/** Days, hours, minutes and seconds of virtual time. */
export function timeOf(ms: number): string {
  const clock = new Date(ms).toISOString().slice(11, 23)
  return `${Math.floor(ms / 86_400_000)}d ${clock}`
}

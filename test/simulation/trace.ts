const MAX_LINES = 200_000

/** A log of a simulation, off by default: it takes longer than the simulation itself. */
export function createTrace(isOn: boolean, now: () => number) {
  const lines: string[] = []
  return {
    isOn,
    add(who: string, what: string): void {
      if (!isOn) return
      lines.push(`${formatTime(now())} ${who.padEnd(4)} ${what}`)
      if (lines.length > MAX_LINES) lines.splice(0, MAX_LINES / 2)
    },
    last: (count: number): string[] => lines.slice(-count),
  }
}

/** Formats virtual ms as days, hours, minutes and seconds. */
export function formatTime(ms: number): string {
  const clock = new Date(ms).toISOString().slice(11, 23)
  return `${Math.floor(ms / 86_400_000)}d ${clock}`
}

/** A figure of a bench with a value per repetition. It is a ratio (×) when the same run has a floor or a peer. */
export interface Figure {
  what: string
  unit: string
  values: number[]
  aim?: { atMost: number } | { atLeast: number }
}

/** A line of a chart: y by x, a size or a percentile such as p99. */
export interface Line {
  chart: 'latency' | 'cost' | 'matching' | 'reading'
  name: string
  points: [x: string, y: number][]
}

/** The result of a bench. */
export interface BenchResult {
  figures: Figure[]
  lines: Line[]
}

export const metOrMissed = (isMet: boolean): string => (isMet ? 'met' : 'missed')

/** Sends the result to the parent process, if there is one (`npm run proof:speed`). */
export function sendResult(figures: Figure[], lines: Line[] = []): void {
  process.send?.({ figures, lines })
}

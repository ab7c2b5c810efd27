/** A figure of a bench, one value per repetition, as a ratio (×) when the same run has a floor or a peer. */
export interface Figure {
  what: string
  unit: string
  values: number[]
  /** The aim; `atMost` by default. */
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

/** Sends the result to the parent process, if there is one (`npm run proof:speed`). */
export function sendResult(figures: Figure[], lines: Line[] = []): void {
  process.send?.({ figures, lines })
}

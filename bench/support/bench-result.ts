/** What a bench found: the values of its repetitions, a ratio (×) wherever there is a floor or a peer in the same run. */
export interface Figure {
  what: string
  unit: string
  values: number[]
  /** What was aimed at; `atMost` unless it says otherwise. */
  aim?: { atMost: number } | { atLeast: number }
}

/** A line of a chart: y by x, where x is a size, or a percentile such as p99. */
export interface Line {
  chart: 'latency' | 'cost' | 'matching' | 'reading'
  name: string
  points: [x: string, y: number][]
}

/** What a bench tells. */
export interface BenchResult {
  figures: Figure[]
  lines: Line[]
}

/** Hands what was found to the process that runs the bench, if one does and asks for it (`npm run proof:speed`). */
export function sendResult(figures: Figure[], lines: Line[] = []): void {
  process.send?.({ figures, lines })
}

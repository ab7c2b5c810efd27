import { metOrMissed, sendResult } from '../support/bench-result.ts'
import { median, quantile } from '../support/statistics.ts'

/** Milliseconds since the app began to load: wall-clock time, and CPU time, which depends less on other load. */
interface Duration {
  clock: number
  cpu: number
}

/** Until all functions are registered, and until the appStart hook has warmed the services. */
export interface Sample {
  registered: Duration
  warm: Duration
}

const TARGET_MS = 90
const WIDTH = 36

/** Prints the table, a row for each form, and the target. */
export function printStart({ bundle, sources }: { bundle: Sample[]; sources: Sample[] }): void {
  console.log(`\nMilliseconds from loading the app on, ${bundle.length} fresh processes each`)
  console.log(''.padEnd(WIDTH) + ['median', 'min', 'p90'].map((name) => name.padStart(8)).join(''))
  printRows('functions registered', bundle, sources, ({ registered }) => registered.clock)
  printRows('  of the processor', bundle, sources, ({ registered }) => registered.cpu)
  printRows('services warm', bundle, sources, ({ warm }) => warm.clock)
  printRows('  of the processor', bundle, sources, ({ warm }) => warm.cpu)
  const clocks = (samples: Sample[]) => samples.map((sample) => sample.registered.clock)
  sendResult([
    {
      what: 'functions registered',
      unit: 'ms',
      values: clocks(bundle),
      aim: { atMost: TARGET_MS },
    },
    {
      what: 'functions registered, bundle / sources',
      unit: '×',
      values: clocks(bundle).map((ms, i) => ms / (clocks(sources)[i] ?? NaN)),
    },
  ])
  const isMet = median(bundle.map(({ registered }) => registered.clock)) < TARGET_MS
  console.log(`Target: bundle registered in less than ${TARGET_MS} ms: ${metOrMissed(isMet)}`)
}

function printRows(
  name: string,
  bundle: Sample[],
  sources: Sample[],
  of: (sample: Sample) => number,
): void {
  const ratio = median(bundle.map(of)) / median(sources.map(of))
  console.log(`${row(`${name}, bundle`, bundle.map(of))}   ${ratio.toFixed(2)} of the sources`)
  console.log(row(`${name}, sources`, sources.map(of)))
}

function row(name: string, values: number[]): string {
  const figures = [median(values), Math.min(...values), quantile(values, 0.9)]
  return name.padEnd(WIDTH) + figures.map((figure) => figure.toFixed(1).padStart(8)).join('')
}

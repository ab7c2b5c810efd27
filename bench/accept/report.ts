import { tellFigures } from '../support/bench-result.ts'
import type { Measurement } from './contender.ts'
import type { Sides } from './contenders.ts'
import { median, withSpread } from '../support/statistics.ts'

/** One slice of each, one right after the other. */
export type Round = Sides<Measurement>

const MEMORY_TARGET_MB = 200
const RATIO_TARGET = 0.85
const AIM_CPU_US = 100 // of an event, tokens known

/** One line of progress. */
export function printLine(name: string, { app, traced, hosted, bare }: Round): void {
  const sketch = ({ perSecond, cpu }: Measurement) =>
    `${perSecond.toFixed(0)}/s at ${cpu.toFixed(0)} µs`
  console.log(
    `${name}: app ${sketch(app)}, ${megabytes(app.resident)} MB; exporting ${sketch(traced)}; same host ${sketch(hosted)}; bare ${sketch(bare)}`,
  )
}

/** The table. */
export function printSummary(rounds: Round[]): void {
  console.log(`
The app, against itself with telemetry exported, and its two calls by the bare SDKs in the same host and alone.
Median of ${rounds.length} slices (lowest–highest); the ratios are of neighbouring slices.
`)
  console.log(
    row('', [
      'app',
      'exporting',
      'same host',
      'bare',
      'app / exporting',
      'app / same host',
      'app / bare',
    ]),
  )
  printRow('events per second', rounds, ({ perSecond }) => perSecond)
  printRow('p50, ms', rounds, ({ p50 }) => p50, 1)
  printRow('p99, ms', rounds, ({ p99 }) => p99, 1)
  printRow('CPU, µs per event', rounds, ({ cpu }) => cpu)
  const driver = withSpread(rounds.map(({ app }) => app.driverCpu))
  console.log(`\nThe load on a host takes another ${driver} µs per event of the same cores.`)
  console.log(`Target: ${RATIO_TARGET} of the events per second`)
}

function printRow(
  name: string,
  rounds: Round[],
  of: (measurement: Measurement) => number,
  digits = 0,
): void {
  const values = (side: keyof Round) => rounds.map((round) => of(round[side]))
  const ratios = (side: keyof Round) => rounds.map((round) => of(round.app) / of(round[side]))
  console.log(
    row(name, [
      withSpread(values('app'), digits),
      withSpread(values('traced'), digits),
      withSpread(values('hosted'), digits),
      withSpread(values('bare'), digits),
      withSpread(ratios('traced'), 2),
      withSpread(ratios('hosted'), 2),
      withSpread(ratios('bare'), 2),
    ]),
  )
}

const row = (name: string, cells: string[]): string =>
  name.padEnd(20) + cells.map((cell) => cell.padEnd(21)).join('')

/** Bytes of the app's process: resident from the start on, and held on its heap before and after the load. */
export function printMemory(
  rounds: Round[],
  before: { resident: number; held: number },
  held: number,
): void {
  const resident = [before.resident, ...rounds.map(({ app }) => app.resident)]
  const met = Math.max(...resident) < MEMORY_TARGET_MB * 1_000_000
  console.log(`
Memory of the app's host, MB: ${resident.map(megabytes).join(', ')} (at start, then after each slice)
In use after a full garbage collection, MB: ${megabytes(before.held)} at start, ${megabytes(held)} at the end
Target: below ${MEMORY_TARGET_MB} MB: ${met ? 'met' : 'missed'}`)
}

const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(0)

/** For `npm run proof:speed`. */
export function tellRounds(rounds: Round[]): void {
  const ratios = (side: 'traced' | 'hosted' | 'bare', of: (one: Measurement) => number) =>
    rounds.map((round) => of(round.app) / of(round[side]))
  const speed = ({ perSecond }: Measurement) => perSecond
  const cost = ({ cpu }: Measurement) => cpu
  const memory = Math.max(...rounds.map(({ app }) => app.resident)) / 1_000_000
  tellFigures(
    [
      { what: 'accepted per second', unit: '/s', values: rounds.map(({ app }) => speed(app)) },
      {
        what: 'accepted per second, app / bare SDKs',
        unit: '×',
        values: ratios('bare', speed),
        aim: { atLeast: RATIO_TARGET },
      },
      { what: 'the same, in the same host', unit: '×', values: ratios('hosted', speed) },
      {
        what: 'processor time, app / bare SDKs in the same host',
        unit: '×',
        values: ratios('hosted', cost),
      },
      {
        what: 'processor time beyond the bare SDKs in the same host',
        unit: 'µs',
        values: rounds.map(({ app, hosted }) => app.cpu - hosted.cpu),
        aim: { atMost: AIM_CPU_US },
      },
      {
        what: 'processor time, without telemetry / with it',
        unit: '×',
        values: ratios('traced', cost),
      },
      {
        what: 'the host’s memory under load',
        unit: 'MB',
        values: [memory],
        aim: { atMost: MEMORY_TARGET_MB },
      },
    ],
    (['app', 'bare'] as const).map((side) => ({
      chart: 'latency',
      name: side === 'app' ? 'POST /app, 32 at once' : 'its two calls by the bare SDKs',
      points: [
        ['p50', median(rounds.map((round) => round[side].p50))],
        ['p90', median(rounds.map((round) => round[side].p90))],
        ['p99', median(rounds.map((round) => round[side].p99))],
      ],
    })),
  )
}

import { metOrMissed, sendResult } from '../support/bench-result.ts'
import type { Measurement } from './contender.ts'
import type { Contenders } from './contenders.ts'
import { median, withSpread } from '../support/statistics.ts'

/** An interval of each contender, one after another. */
export type Round = Contenders<Measurement>

const MEMORY_TARGET_MB = 200
const RATIO_TARGET = 0.85
const AIM_CPU_US = 100 // per event, with cached tokens
const GENERIC_TARGET = 0.9 // a generic event costs at most a tenth more

/** Prints a line of progress. */
export function printLine(name: string, { app, generic, traced, hosted, bare }: Round): void {
  const summaryOf = ({ perSecond, cpu }: Measurement) =>
    `${perSecond.toFixed(0)}/s at ${cpu.toFixed(0)} µs`
  console.log(
    `${name}: app ${summaryOf(app)}, ${megabytes(app.resident)} MB; generic ${summaryOf(generic)}; exporting ${summaryOf(traced)}; same host ${summaryOf(hosted)}; bare ${summaryOf(bare)}`,
  )
}

/** Prints the table. */
export function printSummary(rounds: Round[]): void {
  console.log(`
The app, against itself with generic events and with telemetry exported, and its two calls by the bare SDKs in the same host and alone.
Median of ${rounds.length} intervals (lowest–highest); the ratios are of neighbouring intervals.
`)
  console.log(
    row('', [
      'app',
      'generic',
      'exporting',
      'same host',
      'bare',
      'app / generic',
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
  const values = (contender: keyof Round) => rounds.map((round) => of(round[contender]))
  const ratios = (contender: keyof Round) => ratiosTo(contender, rounds, of)
  console.log(
    row(name, [
      withSpread(values('app'), digits),
      withSpread(values('generic'), digits),
      withSpread(values('traced'), digits),
      withSpread(values('hosted'), digits),
      withSpread(values('bare'), digits),
      withSpread(ratios('generic'), 2),
      withSpread(ratios('traced'), 2),
      withSpread(ratios('hosted'), 2),
      withSpread(ratios('bare'), 2),
    ]),
  )
}

const ratiosTo = (
  contender: keyof Round,
  rounds: Round[],
  of: (measurement: Measurement) => number,
): number[] => rounds.map((round) => of(round.app) / of(round[contender]))

const row = (name: string, cells: string[]): string =>
  name.padEnd(20) + cells.map((cell) => cell.padEnd(21)).join('')

/** Prints the resident memory of the app's process after each interval, and its heap before and after the load. */
export function printMemory(
  rounds: Round[],
  before: { resident: number; held: number },
  held: number,
): void {
  const resident = [before.resident, ...rounds.map(({ app }) => app.resident)]
  const isMet = Math.max(...resident) < MEMORY_TARGET_MB * 1_000_000
  console.log(`
Memory of the app's host, MB: ${resident.map(megabytes).join(', ')} (at start, then after each interval)
In use after a full garbage collection, MB: ${megabytes(before.held)} at start, ${megabytes(held)} at the end
Target: below ${MEMORY_TARGET_MB} MB: ${metOrMissed(isMet)}`)
}

const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(0)

/** Sends the results to `npm run proof:speed`. */
export function sendRounds(rounds: Round[]): void {
  const speed = ({ perSecond }: Measurement) => perSecond
  const cost = ({ cpu }: Measurement) => cpu
  const memory = Math.max(...rounds.map(({ app }) => app.resident)) / 1_000_000
  sendResult(
    [
      { what: 'accepted per second', unit: '/s', values: rounds.map(({ app }) => speed(app)) },
      {
        what: 'accepted per second, app / bare SDKs',
        unit: '×',
        values: ratiosTo('bare', rounds, speed),
        aim: { atLeast: RATIO_TARGET },
      },
      { what: 'the same, in the same host', unit: '×', values: ratiosTo('hosted', rounds, speed) },
      {
        what: 'processor time, app / bare SDKs in the same host',
        unit: '×',
        values: ratiosTo('hosted', rounds, cost),
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
        values: ratiosTo('traced', rounds, cost),
      },
      {
        what: 'processor time, an app’s event / a generic one',
        unit: '×',
        values: ratiosTo('generic', rounds, cost),
        aim: { atLeast: GENERIC_TARGET },
      },
      {
        what: 'the host’s memory under load',
        unit: 'MB',
        values: [memory],
        aim: { atMost: MEMORY_TARGET_MB },
      },
    ],
    (['app', 'bare'] as const).map((contender) => ({
      chart: 'latency',
      name: contender === 'app' ? 'POST /app, 32 at once' : 'its two calls by the bare SDKs',
      points: [
        ['p50', median(rounds.map((round) => round[contender].p50))],
        ['p90', median(rounds.map((round) => round[contender].p90))],
        ['p99', median(rounds.map((round) => round[contender].p99))],
      ],
    })),
  )
}

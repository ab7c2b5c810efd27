import { metOrMissed, sendResult } from '../support/bench-result.ts'
import { median, quantile, withSpread } from '../support/statistics.ts'

/** Events per page. */
export const SIZE = 50

const AIM_RU = 10 // an estimate of Azure's price (request-charge.ts): 2.3, and 0.066 for each event

/** Milliseconds and request units per page. */
export interface Result {
  stored: number
  name: string
  app: number[]
  bare: number[]
  charge: number[]
}

/** Prints the table, and whether the aim is met. */
export function printTable(rows: Result[]): void {
  console.log(`\nA page of ${SIZE}: median of ${rows[0]?.app.length} (lowest–highest)`)
  const heads = ['app, ms', 'p99', 'bare SDK, ms', 'app / bare', 'RU']
  console.log(rowOf('stored', heads))
  for (const { stored, name, app, bare, charge } of rows) {
    const ratio = (median(app) / median(bare)).toFixed(2)
    const p99 = quantile(app, 0.99).toFixed(1)
    const cells = [withSpread(app, 1), p99, withSpread(bare, 1), ratio, median(charge).toFixed(2)]
    console.log(rowOf(`${stored}, ${name}`, cells))
  }
  const most = Math.max(...rows.flatMap(({ charge }) => charge))
  console.log(`Aim: at most ${AIM_RU} RU a page: ${metOrMissed(most <= AIM_RU)}`)
}

function rowOf(name: string, cells: string[]): string {
  return name.padEnd(18) + cells.map((cell) => cell.padEnd(20)).join('')
}

/** Sends the results to `npm run proof:speed`. */
export function sendResults(rows: Result[]): void {
  const figures = rows.flatMap(({ stored, name, app, bare, charge }) => {
    const what = `a page of ${SIZE} ${name}, ${stored} stored`
    const ratios = app.map((ms, page) => ms / (bare[page] ?? NaN))
    return [
      { what: `${what}, beside the bare SDK`, unit: '×', values: ratios },
      { what: `${what}, price`, unit: 'RU', values: charge, aim: { atMost: AIM_RU } },
    ]
  })
  const names = [...new Set(rows.map(({ name }) => name))]
  const line = (name: string, reader: 'app' | 'bare') => ({
    chart: 'reading' as const,
    name: reader === 'app' ? `${name}, the app` : `${name}, the bare SDK`,
    points: rows
      .filter((row) => row.name === name)
      .map((row): [string, number] => [String(row.stored), median(row[reader])]),
  })
  const lines = names.flatMap((name) => [line(name, 'app'), line(name, 'bare')])
  sendResult(figures, lines)
}

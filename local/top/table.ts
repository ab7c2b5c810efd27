import { styleText } from 'node:util'
import { cut, printable } from './printable.ts'
import type { Rates } from './rates.ts'
import type { Snapshot } from './snapshot.ts'
import { lastAnswerOf, stateOf, type Subscription } from './subscription-state.ts'

const GAP = '  '

interface Column {
  title: string
  of: (subscription: Subscription) => string | number | undefined
  right?: boolean
  /** The most columns of the terminal that it takes. */
  max?: number
}

/** The columns, in the order in which they are given up when the terminal is too narrow for all: the last first. */
const columnsWith = ({ delivered }: Rates, now: number): Column[] => [
  { title: 'Id', of: ({ id }) => id, right: true },
  { title: 'State', of: (each) => stateOf(each).words, max: 60 },
  { title: 'Waiting', of: ({ circuit }) => circuit.waiting, right: true },
  { title: 'Dead', of: ({ counts }) => counts?.dead, right: true },
  { title: 'Sent/min', of: ({ id }) => delivered.get(id), right: true },
  { title: 'Last answer', of: (each) => lastAnswerOf(each, now) },
  { title: 'Endpoint', of: ({ endPoint }) => endPoint, max: 60 },
  {
    title: 'Filter',
    of: ({ resourceFilter, typeFilter }) => [resourceFilter, typeFilter].filter(Boolean).join(' '),
    max: 60,
  },
]

interface Room {
  /** Columns and lines of the terminal. */
  width: number
  lines: number
  /** Whether it shows colours. */
  colours: boolean
}

/** Returns the lines of the table: the subscriptions, how many more there are, and the rates of the caller's apps. */
export function table({ subscriptions, rates }: Snapshot, room: Room, now = Date.now()): string[] {
  const accepted = rates.accepted.map(({ resource, perMinute }) =>
    cut(`Accepted/min ${perMinute}  ${printable(resource)}`, room.width),
  )
  const space = Math.max(1, room.lines - accepted.length - 2)
  const shown = subscriptions.slice(0, space)
  const left = subscriptions.length - shown.length
  if (shown.length === 0) return ['No subscriptions.', ...accepted]
  return [
    ...rows(shown, room, columnsWith(rates, now)),
    ...(left > 0 ? [`and ${left} more, in a higher terminal or by --once`] : []),
    ...accepted,
  ]
}

function rows(shown: Subscription[], { width, colours }: Room, columns: Column[]): string[] {
  const cells = columns.map((column) => cellsOf(column, shown))
  const kept = cells.slice(0, fitting(cells, width))
  const lines = ['', ...shown].map((_, row) =>
    cut(
      kept
        .map((column) => column[row])
        .join(GAP)
        .trimEnd(),
      width,
    ),
  )
  return lines.map((line, row) => (colours ? painted(line, shown[row - 1]) : line))
}

/** The title and the cells, all of one width. */
function cellsOf(
  { title, of, right = false, max = Infinity }: Column,
  shown: Subscription[],
): string[] {
  const texts = [title, ...shown.map((each) => cut(printable(of(each)), max))]
  const width = Math.max(...texts.map((text) => text.length))
  return texts.map((text) => (right ? text.padStart(width) : text.padEnd(width)))
}

/** How many columns fit; the state is shown in any case, cut if it must be. */
function fitting(cells: string[][], width: number): number {
  let taken = -GAP.length
  const fits = cells.findIndex(([first = '']) => (taken += GAP.length + first.length) > width)
  return fits === -1 ? cells.length : Math.max(2, fits)
}

const painted = (line: string, subscription: Subscription | undefined): string =>
  styleText(subscription ? stateOf(subscription).colour : 'bold', line, { validateStream: false })

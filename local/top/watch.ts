import { setTimeout as sleep } from 'node:timers/promises'
import { cut, printable } from './printable.ts'
import { takeScreen } from './screen.ts'
import type { Snapshot } from './snapshot.ts'
import { table } from './table.ts'

const INTERVAL_MS = 2000
const HEADER_LINES = 2

/**
 * Draws a snapshot of the API at `url` every two seconds; returns what ends that. After a failure the last table stays, under
 * the reason, and the next refresh is a new try.
 */
export function watch(url: string, read: (rows: number) => Promise<Snapshot>): () => Promise<void> {
  const screen = takeScreen(() => process.emit('SIGINT'))
  const ending = new AbortController()
  const state: { snapshot?: Snapshot; failure: string } = { failure: '' }
  const draw = () => !ending.signal.aborted && screen.draw(linesOf(url, state, screen.size()))
  async function refresh(): Promise<void> {
    try {
      state.snapshot = await read(screen.size().lines)
      state.failure = ''
    } catch (error) {
      state.failure = `${reasonOf(error)} Trying again.`
    }
    draw()
  }
  async function keepRefreshing(): Promise<void> {
    for (; !ending.signal.aborted; await pause(ending.signal)) await refresh()
  }
  process.stdout.on('resize', draw)
  draw()
  void keepRefreshing()
  return async () => {
    ending.abort()
    screen.leave()
  }
}

const pause = (signal: AbortSignal): Promise<void> =>
  sleep(INTERVAL_MS, undefined, { signal }).catch(() => {})

function linesOf(
  url: string,
  { snapshot, failure }: { snapshot?: Snapshot; failure: string },
  { width, lines }: { width: number; lines: number },
): string[] {
  const header = `App Events  ${printable(url)}  ${new Date().toLocaleTimeString('nb')}  q quits`
  const room = { width, lines: lines - HEADER_LINES, colours: process.stdout.hasColors() }
  const body = snapshot === undefined ? [] : table(snapshot, room)
  return [cut(header, width), cut(printable(failure), width), ...body]
}

/** Why a refresh failed. */
export function reasonOf(error: unknown): string {
  if (error instanceof TypeError) return `No App Events answers there: ${error.message}.`
  return error instanceof Error ? error.message : String(error)
}

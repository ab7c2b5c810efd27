import { isJsonObject } from './json.ts'
import { operations, type Operation } from './request-charge.ts'

export interface Tally {
  operations: Record<Operation, number>
  /** Request units, see request-charge.ts. */
  charge: number
}

/** What clients have asked of the Cosmos emulator, by `database/container` and in all. */
export interface Usage extends Tally {
  byContainer: Record<string, Tally>
}

/** A running count of operations and what they would cost; failed ones count too. */
export function createUsage() {
  let usage: Usage = { ...emptyTally(), byContainer: {} }
  return {
    add(container: string, operation: Operation, charge: number): void {
      for (const tally of [usage, (usage.byContainer[container] ??= emptyTally())]) {
        tally.operations[operation] += 1
        tally.charge = Math.round((tally.charge + charge) * 100) / 100
      }
    },
    read: () => usage,
    reset: () => void (usage = { ...emptyTally(), byContainer: {} }),
  }
}

function emptyTally(): Tally {
  const none = { create: 0, read: 0, replace: 0, upsert: 0, patch: 0, delete: 0, query: 0 }
  return { operations: none, charge: 0 }
}

export function isUsage(value: unknown): value is Usage {
  if (!isTally(value) || !('byContainer' in value) || !isJsonObject(value.byContainer)) return false
  return Object.values(value.byContainer).every(isTally)
}

function isTally(value: unknown): value is Tally {
  if (!isJsonObject(value) || typeof value['charge'] !== 'number') return false
  const counts = value['operations']
  return isJsonObject(counts) && operations.every((name) => typeof counts[name] === 'number')
}

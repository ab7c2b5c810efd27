import { isJsonObject } from './json.ts'
import { operations, type Operation } from './request-charge.ts'

export interface OperationUsage {
  operations: Record<Operation, number>
  /** Request units, see request-charge.ts. */
  charge: number
}

interface Tally extends OperationUsage {
  /** How many of the operations failed: conflicts, what is not there, what is wrong. */
  refused: Record<Operation, number>
}

/** What clients have asked of the Cosmos emulator, by `database/container` and in all. */
export interface Usage extends Tally {
  byContainer: Record<string, Tally>
}

/** A running count of operations and what they would cost; failed ones count too. */
export function createUsage() {
  let usage: Usage = { ...emptyUsage(), byContainer: {} }
  return {
    add(container: string, operation: Operation, charge: number, isRefused: boolean): void {
      for (const tally of [usage, (usage.byContainer[container] ??= emptyUsage())]) {
        tally.operations[operation] += 1
        if (isRefused) tally.refused[operation] += 1
        tally.charge = Math.round((tally.charge + charge) * 100) / 100
      }
    },
    read: () => usage,
    reset: () => void (usage = { ...emptyUsage(), byContainer: {} }),
  }
}

function emptyUsage(): Tally {
  const none = { create: 0, read: 0, replace: 0, upsert: 0, patch: 0, delete: 0, query: 0 }
  return { operations: none, refused: { ...none }, charge: 0 }
}

export function isUsage(value: unknown): value is Usage {
  if (!isTally(value) || !('byContainer' in value) || !isJsonObject(value.byContainer)) return false
  return Object.values(value.byContainer).every(isTally)
}

function isTally(value: unknown): value is Tally {
  if (!isJsonObject(value) || typeof value['charge'] !== 'number') return false
  return [value['operations'], value['refused']].every(isCounts)
}

const isCounts = (counts: unknown): boolean =>
  isJsonObject(counts) && operations.every((name) => typeof counts[name] === 'number')

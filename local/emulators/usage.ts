import { isJsonObject } from './json.ts'
import { operations, type Operation } from './request-charge.ts'

export interface OperationUsage {
  operations: Record<Operation, number>
  /** Request units, see request-charge.ts. */
  charge: number
}

/** What clients have asked of the Cosmos emulator, by `database/container` and in all. */
export interface Usage extends OperationUsage {
  byContainer: Record<string, OperationUsage>
}

/** A running count of operations and what they would cost; failed ones count too. */
export function createUsage() {
  let usage: Usage = { ...emptyUsage(), byContainer: {} }
  return {
    add(container: string, operation: Operation, charge: number): void {
      for (const tally of [usage, (usage.byContainer[container] ??= emptyUsage())]) {
        tally.operations[operation] += 1
        tally.charge = Math.round((tally.charge + charge) * 100) / 100
      }
    },
    read: () => usage,
    reset: () => void (usage = { ...emptyUsage(), byContainer: {} }),
  }
}

function emptyUsage(): OperationUsage {
  const none = { create: 0, read: 0, replace: 0, upsert: 0, patch: 0, delete: 0, query: 0 }
  return { operations: none, charge: 0 }
}

export function isUsage(value: unknown): value is Usage {
  if (!isOperationUsage(value) || !('byContainer' in value) || !isJsonObject(value.byContainer))
    return false
  return Object.values(value.byContainer).every(isOperationUsage)
}

function isOperationUsage(value: unknown): value is OperationUsage {
  if (!isJsonObject(value) || typeof value['charge'] !== 'number') return false
  const counts = value['operations']
  return isJsonObject(counts) && operations.every((name) => typeof counts[name] === 'number')
}

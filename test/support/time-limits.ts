import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'

const CONCURRENCY = 4 // as many as test files run at once
const ROUNDS = 200_000 // of a piece
const IDLE_MS = 200 // for all pieces together, on two cores that do nothing else
const MARGIN = 4 // the machine may have more to do later than while it is measured

/** Returns by how much this run must stretch its time limits: 4 on a quiet machine, more on one that is slow or busy. */
export async function measureTimeFactor(): Promise<number> {
  const piece = () => promisify(pbkdf2)('work', 'salt', ROUNDS, 32, 'sha256')
  const began = performance.now()
  await Promise.all(Array.from({ length: CONCURRENCY }, piece))
  return MARGIN * Math.max(1, (performance.now() - began) / IDLE_MS)
}

const factor = Number(process.env['TEST_TIME_FACTOR'] ?? MARGIN) // setup.ts measures it

/**
 * Returns a time limit, in the unit of `usual`, for what takes `usual` at most on a quiet machine. It only ends a test
 * that hangs: what a test says about the product must not rest on it.
 */
export const scaleTimeout = (usual: number): number => usual * factor

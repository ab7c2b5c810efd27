import type { Register } from '../../shared/register/register.ts'
import type { Network } from './connection.ts'
import type { Process } from './process.ts'

/** The party of which all others are subunits. */
export const MAIN_UNIT = '/party/1'

const MAX_LATENCY_MS = 2500

/** Returns a process's connection to a register of parties that fails at a rate. */
export function simulatedRegister(process: Process, { random, faults }: Network): Register {
  return {
    partyOf: () => Promise.resolve(undefined),
    mainUnitsOf: (subject) =>
      new Promise((resolve) => {
        const isFailing = random.chance(faults.rate('register-fails'))
        const found = subject === MAIN_UNIT ? [] : [MAIN_UNIT]
        process.defer(random.logUniform(1, MAX_LATENCY_MS), () =>
          resolve(isFailing ? 'unavailable' : found),
        )
      }),
  }
}

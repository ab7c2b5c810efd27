import fc from 'fast-check'

/** Something that must hold for every input of a kind. */
export interface Property {
  name: string
  /** Its part of the inputs of a run: that many of a thousand. */
  share: number
  /** Tries so many inputs that `seed` decides; what does not hold, for the smallest input that was found, or undefined. */
  failure(runs: number, seed: number): Promise<string | undefined>
}

/** Makes a property of what `holds` says by not throwing. */
export function property<T>(
  name: string,
  share: number,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => void | Promise<void>,
): Property {
  return {
    name,
    share,
    async failure(numRuns, seed) {
      const claim = fc.asyncProperty(inputs, async (input) => {
        await holds(input)
      })
      const found = await fc.check(claim, { numRuns, seed, includeErrorInReport: true })
      return found.failed ? fc.defaultReportMessage(found) : undefined
    },
  }
}

/** What an arbitrary gives. */
export type Generated<A> = A extends fc.Arbitrary<infer T> ? T : never

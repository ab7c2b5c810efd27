import fc from 'fast-check'

/** Something that must hold for every input of a kind. */
export interface Property {
  name: string
  /** Its part of the inputs of a run, beside those of the others. */
  share: number
  /** Tries so many inputs that `seed` decides; what does not hold, for the smallest input that was found, or undefined. */
  failure: (inputs: number, seed: number) => Promise<string | undefined>
}

/** Makes a property of what `holds` says by not throwing. */
export function property<T>(
  name: string,
  share: number,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => void | Promise<void>,
): Property {
  const fastCheckProperty = fc.asyncProperty(inputs, async (input) => {
    await holds(input)
  })
  return { name, share, failure: (count, seed) => failureOf(fastCheckProperty, count, seed) }
}

/** The same where as many as `atOnce` inputs are tried together: what takes its time with one takes no more with all. */
export function propertyOfMany<T>(
  name: string,
  share: number,
  inputs: fc.Arbitrary<T>,
  batchSize: number,
  hold: (inputs: T[]) => Promise<void>,
): Property {
  const lists = fc.array(inputs, { minLength: batchSize, maxLength: batchSize })
  const batchProperty = fc.asyncProperty(lists, hold)
  return {
    name,
    share,
    failure: (count, seed) => failureOf(batchProperty, count / batchSize, seed),
  }
}

async function failureOf(
  claim: fc.IAsyncProperty<[unknown]>,
  runs: number,
  seed: number,
): Promise<string | undefined> {
  const numRuns = Math.ceil(runs)
  const found = await fc.check(claim, { numRuns, seed, includeErrorInReport: true })
  return found.failed ? fc.defaultReportMessage(found) : undefined
}

/** The type of the values of an arbitrary. */
export type Generated<A> = A extends fc.Arbitrary<infer T> ? T : never

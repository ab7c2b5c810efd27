import { circuitProperties } from '../properties/circuits.ts'
import { deliveryProperties } from '../properties/deliveries.ts'
import { matchingProperties } from '../properties/matching.ts'

const INPUTS = 300
const SEED = 1

/** Tries the properties of the delivery machine's pure parts; fails at the first that does not hold. */
for (const { name, failure } of [
  ...circuitProperties,
  ...deliveryProperties,
  ...matchingProperties,
]) {
  if ((await failure(INPUTS, SEED)) === undefined) continue
  console.log(name)
  process.exit(1)
}

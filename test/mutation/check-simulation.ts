import { planOf } from '../simulation/random-plan.ts'
import { simulate } from '../simulation/simulate.ts'

/** Simulates so many seeds; fails at the first that breaks a promise. */
const seeds = Number(process.argv[2])
for (let seed = 1; seed <= seeds; seed++) {
  const { violations } = await simulate(planOf(seed))
  if (violations.length === 0) continue
  console.log(`seed ${seed}: ${violations[0]}`)
  process.exit(1)
}

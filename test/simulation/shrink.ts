import type { Plan } from './plan.ts'

/** The parts of a plan that shrinking removes items from. */
const LISTS = ['incidents', 'faults', 'actions', 'events'] as const

const SEEDS_PER_CANDIDATE = 3

/**
 * Returns the smallest failing plan found until `deadline` (epoch ms). Removes faults, incidents, actions, events (halves
 * first, then single ones) and the behaviours of subscribers while the rest still fails.
 */
export async function shrink(
  plan: Plan,
  fails: (plan: Plan) => Promise<boolean>,
  deadline: number,
): Promise<Plan> {
  let smallest = plan
  /** Tries a few seeds: every removal changes the schedule, and may hide the failure. */
  async function accept(candidate: Plan): Promise<boolean> {
    for (let seed = candidate.seed; seed < candidate.seed + SEEDS_PER_CANDIDATE; seed++) {
      if (Date.now() >= deadline) return false
      if (await fails({ ...candidate, seed })) {
        smallest = { ...candidate, seed }
        return true
      }
    }
    return false
  }
  for (let before; before !== smallest && Date.now() < deadline;) {
    before = smallest
    for (const list of LISTS)
      for (let size = Math.ceil(smallest[list].length / 2); size >= 1; size = Math.floor(size / 2))
        for (let from = 0; from < smallest[list].length;)
          if (!(await accept(without(smallest, list, from, size)))) from += size
    for (let index = 0; index < smallest.subscribers.length; index++)
      await accept(withHealthySubscriber(smallest, index))
    if (smallest.processes > 1) await accept({ ...smallest, processes: 1 })
  }
  return smallest
}

const without = (plan: Plan, list: (typeof LISTS)[number], from: number, size: number): Plan => ({
  ...plan,
  [list]: plan[list].toSpliced(from, size),
})

/** Makes a subscriber healthy. It is not removed, since endpoints and actions name subscribers by index. */
function withHealthySubscriber(plan: Plan, index: number): Plan {
  const subscribers = plan.subscribers.map((each, position) =>
    position === index ? { ...each, behaviours: [] } : each,
  )
  return { ...plan, subscribers }
}

import type { Plan } from './plan.ts'

/** The parts of a plan that a failure may do without. */
const LISTS = ['incidents', 'faults', 'actions', 'events'] as const

const SCHEDULES = 3

/**
 * Makes a plan that fails smaller: leaves out faults, incidents, actions and events, halves first, then one by one, and
 * the behaviours of subscribers, for as long as what is left still fails. Ends at `deadline` (ms of the epoch).
 */
export async function shrink(
  plan: Plan,
  fails: (plan: Plan) => Promise<boolean>,
  deadline: number,
): Promise<Plan> {
  let smallest = plan
  /** Whatever is left out changes the schedule: so a few others are tried too. */
  async function accept(candidate: Plan): Promise<boolean> {
    for (let seed = candidate.seed; seed < candidate.seed + SCHEDULES; seed++) {
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
      await accept(withWellSubscriber(smallest, index))
    if (smallest.processes > 1) await accept({ ...smallest, processes: 1 })
  }
  return smallest
}

const without = (plan: Plan, list: (typeof LISTS)[number], from: number, size: number): Plan => ({
  ...plan,
  [list]: plan[list].toSpliced(from, size),
})

/** Subscribers keep their places, as endpoints and actions go by them: one that is not needed is well. */
function withWellSubscriber(plan: Plan, index: number): Plan {
  const subscribers = plan.subscribers.map((each, place) =>
    place === index ? { ...each, behaviours: [] } : each,
  )
  return { ...plan, subscribers }
}

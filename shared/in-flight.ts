const WIDE = 16 // requests at once to a subscriber that answers quickly, or is not known yet
const NARROW = 4 // to one that is slow: it must not hold the slots of the others
const SLOW_MS = 500

/** What this instance is delivering now, so that no delivery runs twice in it and no subscriber takes all its slots. */
export function createInFlight() {
  const underWay = new Map<string, Set<string>>()
  const lastMs = new Map<string, number>()

  const capOf = (subscription: string) =>
    (lastMs.get(subscription) ?? 0) < SLOW_MS ? WIDE : NARROW

  return {
    /** Begins a delivery: `same` where it is already under way here, `full` where the subscriber has enough. */
    begin(subscription: string, event: string): 'begun' | 'same' | 'full' {
      const events = underWay.get(subscription) ?? new Set()
      if (events.has(event)) return 'same'
      if (events.size >= capOf(subscription)) return 'full'
      underWay.set(subscription, events.add(event))
      return 'begun'
    },
    end(subscription: string, event: string): void {
      const events = underWay.get(subscription)
      events?.delete(event)
      if (events?.size === 0) underWay.delete(subscription)
    },
    /** Notes how long a subscriber took to answer. */
    took(subscription: string, ms: number): void {
      lastMs.set(subscription, ms)
    },
  }
}

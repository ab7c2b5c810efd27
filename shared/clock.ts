/** Time as the flows see it, so that a simulation can give them its own. */
export interface Clock {
  /** Milliseconds of the epoch. */
  now: () => number
  /** Ends after so many milliseconds, unless it is cancelled before. */
  timeout: (ms: number) => { ended: Promise<void>; cancel: () => void }
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  timeout(ms) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    return { ended: promise, cancel: () => clearTimeout(timer) }
  },
}

/** The present in whole epoch seconds, as `due`, `pending` and `wake` count. */
export const nowSeconds = ({ now }: Pick<Clock, 'now'>): number => Math.floor(now() / 1000)

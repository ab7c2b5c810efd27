/** The time of the flows. A simulation passes its own. */
export interface Clock {
  /** Returns epoch milliseconds. */
  now: () => number
  /** `ended` resolves after so many milliseconds, unless cancelled. */
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

/** Returns the time in whole epoch seconds, the unit of `due` and `pending`. */
export const nowSeconds = ({ now }: Pick<Clock, 'now'>): number => Math.floor(now() / 1000)

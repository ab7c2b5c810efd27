import { createState, type State } from './state.ts'

/** Returns a state that outlives the page: what someone likes to see, never a token. */
export function createPreference<T extends string>(
  name: string,
  choices: readonly T[],
  initial: T,
): State<T> {
  const key = `app-events-${name}`
  const state = createState(choices.find((choice) => choice === stored(key)) ?? initial)
  return {
    ...state,
    set(value) {
      store(key, value)
      state.set(value)
    },
  }
}

// A browser that keeps nothing throws; the preference then lives as long as the page.
function stored(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // as above
  }
}

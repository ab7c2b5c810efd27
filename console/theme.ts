import { createPreference } from './preference.ts'
import { createState } from './state.ts'

const themes = ['auto', 'light', 'dark'] as const

/** The theme: the system's until someone chooses. */
export const theme = createPreference('theme', themes, 'auto')

const system = matchMedia('(prefers-color-scheme: dark)')
const isSystemDark = createState(system.matches)
system.addEventListener('change', ({ matches }) => isSystemDark.set(matches))

/** Returns whether the page is dark: for what is drawn, not styled. */
export function useIsDark(): boolean {
  const chosen = theme.use()
  const isDark = isSystemDark.use()
  return chosen === 'auto' ? isDark : chosen === 'dark'
}

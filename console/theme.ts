import { createPreference } from './preference.ts'

const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const isDark = matchMedia('(prefers-color-scheme: dark)')

/** The theme: the system's until someone chooses. */
export const theme = createPreference('theme', themes, 'auto')

/** Whether the page is dark now. */
export const isDarkNow = (): boolean =>
  theme.get() === 'auto' ? isDark.matches : theme.get() === 'dark'

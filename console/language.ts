import { createPreference } from './preference.ts'

const languages = ['nb', 'en'] as const
const isNorwegian = /^(nb|nn|no)\b/i.test(navigator.language)

/** The language of the page: the browser's until someone chooses. */
export const language = createPreference('language', languages, isNorwegian ? 'nb' : 'en')

/** Texts in every language. One that lacks a text does not compile. */
export interface Texts<T> {
  /** The texts of now; to be called by a component, which is rendered again when the language changes. */
  use: () => T
  /** The same where no component is. */
  now: () => T
}

/** Returns the texts of a part of the console: Bokmål decides which there are. */
export const defineTexts = <T>(texts: { nb: T; en: NoInfer<T> }): Texts<T> => ({
  use: () => texts[language.use()],
  now: () => texts[language.get()],
})

/** Returns the locale that dates and numbers are written in. */
export const locale = (): string => (language.get() === 'nb' ? 'nb-NO' : 'en-GB')

/**
 * Returns the text when it is an absolute http or https URL. Throws otherwise. Joi's `uri()` compiles an expression for
 * this that costs as much of a cold start as reading all settings.
 */
export function requireHttpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Error('it must be an http or https URL')
  return text
}

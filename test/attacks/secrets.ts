import { attack, problems, type Attack } from './attack.ts'

/** The national identity numbers in the tokens and events of the attacks. */
const identityNumbers = ['01017512345', '02017512345']

/**
 * Returns the tokens, parts of tokens and identity numbers in some texts, or `none`. Returns another text when there is
 * nothing to search, so that an empty search does not pass.
 */
export function secretsIn(texts: string[], tokens: string[]): string {
  const parts = tokens.flatMap((token) => token.match(/[\w-]{20,}/g) ?? [])
  if (texts.length === 0 || parts.length === 0) return 'there is nothing to search'
  const secrets = [...new Set([...parts, ...identityNumbers])]
  const found = secrets.filter((secret) => texts.some((text) => text.includes(secret)))
  return found.length === 0 ? 'none' : found.join(', ')
}

/** Checks that the log and all error responses so far contain no secrets. */
export const leakAttacks = (
  on: string,
  { lines }: { lines: string[] },
  tokens: Iterable<string>,
): Attack[] => [
  attack(on, 'tokens and identity numbers in the log', 'none', async () =>
    secretsIn(lines, [...tokens]),
  ),
  attack(on, 'tokens and identity numbers in the problems', 'none', async () =>
    secretsIn(problems, [...tokens]),
  ),
]

import { attack, problems, type Attack } from './attack.ts'

/** The national identity numbers that our tokens and events name. */
const identityNumbers = ['01017512345', '02017512345']

/** What of tokens, of their parts and of identity numbers stands in some texts; `none`, as long as there is anything to find. */
export function secretsIn(texts: string[], tokens: string[]): string {
  const parts = tokens.flatMap((token) => token.match(/[\w-]{20,}/g) ?? [])
  if (texts.length === 0 || parts.length === 0) return 'there is nothing to search'
  const secrets = [...new Set([...parts, ...identityNumbers])]
  const found = secrets.filter((secret) => texts.some((text) => text.includes(secret)))
  return found.length === 0 ? 'none' : found.join(', ')
}

/** Checks the log and all problem responses so far for secrets. */
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

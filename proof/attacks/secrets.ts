/** The national identity numbers that our tokens and events name. */
const identityNumbers = ['01017512345', '02017512345']

/** What of tokens, of their parts and of identity numbers stands in some lines; `none`, as long as there is anything to find. */
export function secretsIn(lines: string[], tokens: string[]): string {
  const parts = tokens.flatMap((token) => token.match(/[\w-]{20,}/g) ?? [])
  if (lines.length === 0 || parts.length === 0) return 'there is nothing to search'
  const secrets = [...new Set([...parts, ...identityNumbers])]
  const found = secrets.filter((secret) => lines.some((line) => line.includes(secret)))
  return found.length === 0 ? 'none' : found.join(', ')
}

/**
 * Which paths Azure Functions Core Tools leaves behind, by the rules of its GitIgnoreParser (4.x), which are not git's:
 * a line is an expression anchored at the start of the path that must end at the end of a word, `**` is anything, `*`
 * anything but a slash (each at least one character), and a line with `!` wins wherever it stands.
 */
export function coreToolsIgnores(funcignore: string): (file: string) => boolean {
  const lines = funcignore
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const excluded = anyOf(lines.filter((line) => !line.startsWith('!')))
  const included = anyOf(lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1)))
  return (file) => excluded.test(file) && !included.test(file)
}

function anyOf(patterns: string[]): RegExp {
  const expressions = patterns.map((pattern) => `(${expressionOf(pattern.replace(/^\//, ''))})`)
  return expressions.length === 0 ? /^\b$/ : new RegExp(`^(${expressions.join('|')})\\b`)
}

const expressionOf = (pattern: string): string =>
  pattern
    .replaceAll(/[-[\]/{}()+?.\\^$|]/g, String.raw`\$&`)
    .replaceAll('**', '(.+)')
    .replaceAll('*', String.raw`([^\/]+)`)

const folders = ['.git', '.vscode']
const files = ['.funcignore', '.gitignore', 'local.settings.json', 'project.lock.json']

/** What Core Tools never ships, whatever .funcignore says. */
export function coreToolsNeverShips(file: string): boolean {
  const parts = file.toLowerCase().split('/')
  return (
    files.includes(parts.at(-1) ?? '') || parts.slice(0, -1).some((part) => folders.includes(part))
  )
}

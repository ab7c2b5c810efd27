import { writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'

/** Returns a row of a table. */
export const tableRow = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`

/** Returns a table whose first column is aligned to the left, the others to the right. */
export function table([head = [], ...rows]: string[][]): string {
  const alignments = head.map((_, index) => (index === 0 ? '---' : '--:'))
  return [head, alignments, ...rows].map(tableRow).join('\n')
}

/** Escapes a text for a cell of a table. */
export const tableCell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')

/** Formats a text as the repository does, and writes it into a file. */
export async function writeMarkdown(file: string, text: string): Promise<void> {
  const options = { ...(await resolveConfig(file)), parser: 'markdown' }
  writeFileSync(file, await format(text, options))
}

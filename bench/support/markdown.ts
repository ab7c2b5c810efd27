import { writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'

/** Returns a row of a table. */
export const tableRow = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`

/** Escapes a text for a cell of a table. */
export const tableCell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')

/** Formats a text as the repository does, and writes it into a file. */
export async function writeMarkdown(file: string, text: string): Promise<void> {
  const options = { ...(await resolveConfig(file)), parser: 'markdown' }
  writeFileSync(file, await format(text, options))
}

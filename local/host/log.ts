/** Prints a line, unless it is below the host's default level. */
export function log(level: string, category: string, message: string) {
  if (!['trace', 'debug', 'none'].includes(level)) console.log(`[${level}] ${category}: ${message}`)
}

import { execFile } from 'node:child_process'

/** Runs `npm audit` on the deployed packages. Returns `clean`, the number of vulnerabilities, or `not checked` and why. */
export async function audit(): Promise<string> {
  const answer = await run('npm', ['audit', '--omit=dev', '--json'])
  const { metadata, message = 'no answer' } = parseObject(answer)
  const total = metadata?.vulnerabilities?.total
  if (typeof total !== 'number')
    return `not checked: the registry says ${String(message).replace(/ - .*$/s, '')}` // without the address
  return total === 0 ? 'clean' : `${total} known vulnerabilities: run npm audit --omit=dev`
}

/** Returns the output of a program, whatever its exit code. */
function run(command: string, options: string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  execFile(command, options, { timeout: 60_000 }, (_failed, stdout) => resolve(stdout))
  return promise
}

function parseObject(text: string) {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

import { createInterface } from 'node:readline'
import manifest from '../../package.json' with { type: 'json' }
import { startChild, type Child } from './child.ts'

const hostFlags = manifest.scripts['start:host'].match(/--\S+/g) ?? [] // the usual Node.js flags of a host

/** Starts a host in its own process, with extra Node.js flags. Returns the process and the host's address. */
export async function startHostProcess(
  file: string,
  { args = [], flags = [], env }: { args?: string[]; flags?: string[] | undefined; env: object },
) {
  const child = startChild(file, { args, flags: [...hostFlags, ...flags], env })
  return { child, url: await addressOf(child) }
}

/** Returns the address in the first lines of a host. Drops its later lines. Rejects when the process ends. */
export async function addressOf({ output, ended }: Child): Promise<string> {
  const found = Promise.withResolvers<string>()
  const lines = createInterface({ input: output }).on('line', (line) => {
    const [, url] = /listens on (\S+)$/.exec(line) ?? []
    if (url !== undefined) found.resolve(url)
  })
  const url = await Promise.race([found.promise, ended])
  lines.close()
  output.resume()
  return url
}

import { createInterface } from 'node:readline'
import manifest from '../../package.json' with { type: 'json' }
import { startChild, type Child } from './child.ts'

const hostFlags = manifest.scripts['start:host'].match(/--\S+/g) ?? [] // what a host's Node.js is given anyway

/** Starts a host that prints where it listens, in a process of its own; `flags` are for its Node.js. */
export async function startHostProcess(
  file: string,
  { args = [], flags = [], env }: { args?: string[]; flags?: string[] | undefined; env: object },
) {
  const child = startChild(file, { args, flags: [...hostFlags, ...flags], env })
  return { child, url: await addressOf(child) }
}

/** Where a host listens, from its first lines; the later ones, one for each event, are read and dropped. */
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

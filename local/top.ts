import { parseArgs } from 'node:util'
import { fail, runUntilStopped } from './lifetime.ts'
import { portFor, portHelp } from './ports.ts'
import { altinnToken, callers } from './tokens.ts'
import { createApiClient } from './top/api-client.ts'
import { printable } from './top/printable.ts'
import { createSnapshotReader, type Snapshot } from './top/snapshot.ts'
import { table } from './top/table.ts'
import { reasonOf, watch } from './top/watch.ts'

const scope = 'altinn:serviceowner altinn:events.subscribe'

const help = `npm run top: the subscriptions of the local stack's example organisation, and how they go, every two seconds; q ends it.
npm run top -- --url https://NAME.azurewebsites.net/events/api/v1 --token ey…: those of the token's holder, anywhere.
npm run top -- --once: prints them once and ends, as it does where the output is no terminal.

${portHelp}`

try {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      token: { type: 'string' },
      once: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) console.log(help)
  else {
    const source = sourceFor(values)
    if (values.once === true || !process.stdout.isTTY) await printOnce(source)
    else await runUntilStopped(async () => watch(source.url, source.read))
  }
} catch (error) {
  fail(error)
}

interface Source {
  url: string
  read: (rows: number) => Promise<Snapshot>
}

/** Returns what is looked at. Throws, naming the option, for an address or a token that cannot be one. */
function sourceFor({
  url,
  token,
}: {
  url?: string | undefined
  token?: string | undefined
}): Source {
  const api = (url ?? `http://127.0.0.1:${portFor('PORT')}/events/api/v1`).replace(/\/+$/, '')
  if (!/^https?:\/\/[^/]/.test(api) || !URL.canParse(api))
    throw new Error(
      `--url must be the address of the API, such as https://NAME.azurewebsites.net/events/api/v1.`,
    )
  if (token !== undefined && !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token))
    throw new Error(
      '--token must be an Altinn token: three parts with dots between, without "Bearer".',
    )
  if (url !== undefined && token === undefined)
    throw new Error('--url needs --token: an Altinn token that the app at that address trusts.')
  const newToken = token === undefined ? localToken : async () => token
  return { url: api, read: createSnapshotReader(createApiClient(api, newToken)) }
}

async function localToken(): Promise<string> {
  const issuer = `http://127.0.0.1:${portFor('ISSUER_PORT')}`
  return altinnToken(issuer, { ...callers.org('ttd'), scope }).catch(() => {
    throw new Error(
      `No token issuer at ${issuer}: run npm start, name the port it was started with in ISSUER_PORT, or give --token.`,
    )
  })
}

async function printOnce({ read }: Source): Promise<void> {
  const snapshot = await read(Infinity).catch((error: unknown) => {
    throw new Error(printable(reasonOf(error)))
  })
  const room = { width: process.stdout.columns || Infinity, lines: Infinity, colours: false }
  console.log(table(snapshot, room).join('\n'))
}

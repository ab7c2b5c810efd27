import { parseArgs } from 'node:util'
import { fail } from './lifetime.ts'
import { portFor, portHelp } from './ports.ts'
import { altinnToken, callers, platformToken } from './tokens.ts'

const usage = 'npm run token -- --org ttd --app apps-test'
const help = `${usage}: prints both tokens of an app, from the local issuer.

${portHelp}`

try {
  const { values } = parseArgs({
    options: { org: { type: 'string' }, app: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help === true) console.log(help)
  else await printTokens(values)
} catch (error) {
  fail(error)
}

async function printTokens({ org, app }: { org?: string; app?: string }): Promise<void> {
  if (org === undefined || app === undefined) throw new Error(`Name an app: ${usage}`)
  const issuer = `http://127.0.0.1:${portFor('ISSUER_PORT')}`
  await fetch(issuer).catch(() => {
    throw new Error(
      `No token issuer at ${issuer}: run npm start, or name the port it was started with in ISSUER_PORT.`,
    )
  })
  console.log(`Authorization: Bearer ${await altinnToken(issuer, callers.org(org))}`)
  console.log(`PlatformAccessToken: ${await platformToken(issuer, org, app)}`)
}

import { parseArgs } from 'node:util'
import { fail } from './lifetime.ts'
import { portFor, portHelp } from './ports.ts'
import { altinnToken, callerClaims, platformToken, type WantedCaller } from './tokens.ts'

const usage = 'npm run token -- --org ttd --app apps-test'
const help = `${usage}: prints both tokens of an app, from the local issuer.
npm run token -- --org skd --scope altinn:events.publish: prints the Altinn token of an organisation, with this scope.
npm run token -- --person 01017512345: that of a person; --unit 991825827: of an organisation that owns no apps;
--system-user 991825827: of a system user of such an organisation. --scope goes with each.

${portHelp}`

const text = { type: 'string' } as const
const options = { org: text, app: text, scope: text, person: text, unit: text, 'system-user': text }

try {
  const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } })
  if (values.help === true) console.log(help)
  else await printTokens(values)
} catch (error) {
  fail(error)
}

async function printTokens(wanted: WantedCaller): Promise<void> {
  const claims = claimsOf(wanted)
  const issuer = `http://127.0.0.1:${portFor('ISSUER_PORT')}`
  await fetch(issuer).catch(() => {
    throw new Error(
      `No token issuer at ${issuer}: run npm start, or name the port it was started with in ISSUER_PORT.`,
    )
  })
  const { org, app } = wanted
  const token = await altinnToken(issuer, claims)
  console.log(`Authorization: Bearer ${token}`)
  if (org !== undefined && app !== undefined)
    console.log(`PlatformAccessToken: ${await platformToken(issuer, org, app)}`)
}

function claimsOf(wanted: WantedCaller): object {
  try {
    return callerClaims(wanted)
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}: ${usage}`, {
      cause: error,
    })
  }
}

import { parseArgs } from 'node:util'
import { fail } from './lifetime.ts'
import { portFor, portHelp } from './ports.ts'
import { altinnToken, callers, platformToken } from './tokens.ts'

const usage = 'npm run token -- --org ttd --app apps-test'
const help = `${usage}: prints both tokens of an app, from the local issuer.
npm run token -- --org skd --scope altinn:events.publish: prints the Altinn token of an organisation, with this scope.
npm run token -- --person 01017512345: that of a person; --unit 991825827: of an organisation that owns no apps;
--system-user 991825827: of a system user of such an organisation. --scope goes with each.

${portHelp}`

const text = { type: 'string' } as const
const options = { org: text, app: text, scope: text, person: text, unit: text, 'system-user': text }
type Wanted = { [option in keyof typeof options]?: string }

try {
  const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } })
  if (values.help === true) console.log(help)
  else await printTokens(values)
} catch (error) {
  fail(error)
}

async function printTokens(wanted: Wanted): Promise<void> {
  const claims = claimsFor(wanted)
  const issuer = `http://127.0.0.1:${portFor('ISSUER_PORT')}`
  await fetch(issuer).catch(() => {
    throw new Error(
      `No token issuer at ${issuer}: run npm start, or name the port it was started with in ISSUER_PORT.`,
    )
  })
  const { org, app, scope } = wanted
  const token = await altinnToken(issuer, { ...claims, ...(scope !== undefined && { scope }) })
  console.log(`Authorization: Bearer ${token}`)
  if (org !== undefined && app !== undefined)
    console.log(`PlatformAccessToken: ${await platformToken(issuer, org, app)}`)
}

/** Returns the claims of the caller that is named. Throws unless it is one, and an app's only with its organisation. */
function claimsFor({ org, app, person, unit, 'system-user': systemUser }: Wanted): object {
  const named = [
    org === undefined ? undefined : callers.org(org),
    person === undefined ? undefined : callers.user(20_001, 50_019_855, person),
    unit === undefined ? undefined : callers.organisation(unit),
    systemUser === undefined ? undefined : callers.systemUser(systemUser),
  ].filter((claims) => claims !== undefined)
  const [claims] = named
  if (claims === undefined || named.length > 1 || (app !== undefined && org === undefined))
    throw new Error(`Name an app, an organisation, a person, a unit or a system user: ${usage}`)
  return claims
}

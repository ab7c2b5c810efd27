import { parseArgs } from 'node:util'
import { fail } from './lifetime.ts'
import { portFor } from './ports.ts'
import { altinnToken, callers, platformToken } from './tokens.ts'

// `npm run token -- --org ttd --app apps-test`: both tokens of an app, from the local issuer.
try {
  const { org, app } = parseArgs({
    options: { org: { type: 'string' }, app: { type: 'string' } },
  }).values
  if (org === undefined || app === undefined)
    throw new Error('Say whose: npm run token -- --org ttd --app apps-test')
  const issuer = `http://127.0.0.1:${portFor('ISSUER_PORT')}`
  await fetch(issuer).catch(() => fail(`No token issuer at ${issuer}: start one with npm start.`))
  console.log(`Authorization: Bearer ${await altinnToken(issuer, callers.org(org))}`)
  console.log(`PlatformAccessToken: ${await platformToken(issuer, org, app)}`)
} catch (error) {
  fail(error)
}

import { parseArgs } from 'node:util'
import { startHost } from './host/host.ts'
import { runUntilStopped } from './lifetime.ts'
import { portFor } from './ports.ts'
import { createSignIn } from './sign-in.ts'
import { addToEnvironment, readSettingsFile, root } from './settings.ts'

// `npm run start:host [-- --functions a,b] [--lease seconds] [--proxy seconds] [--folder path] [--issuer url]`: the app alone, with the stores that its settings name.
await runUntilStopped(async () => {
  const { values } = parseArgs({
    options: {
      functions: { type: 'string' },
      lease: { type: 'string' },
      proxy: { type: 'string' },
      folder: { type: 'string', default: root },
      issuer: { type: 'string' },
    },
  })
  addToEnvironment(readSettingsFile())
  const host = await startHost({
    folder: values.folder,
    port: portFor('PORT'),
    ...(values.functions !== undefined && { functions: values.functions.split(',') }),
    ...(values.lease !== undefined && { leaseSeconds: Number(values.lease) }),
    ...(values.proxy !== undefined && { proxySeconds: Number(values.proxy) }),
    ...(values.issuer !== undefined && { intercept: createSignIn(values.issuer) }),
  })
  console.log(`App Events listens on ${host.url}`)
  return host.stop
})

import { runUntilStopped } from './lifetime.ts'
import { portFor } from './ports.ts'
import { startStack } from './stack.ts'

// `npm run start:emulators`: everything but the app, for `func` or `npm run start:host` in another terminal.
await runUntilStopped(async () => {
  const stack = await startStack({
    queue: portFor('QUEUE_PORT'),
    blob: portFor('BLOB_PORT'),
    cosmos: portFor('COSMOS_PORT'),
    issuer: portFor('ISSUER_PORT'),
    register: portFor('REGISTER_PORT'),
  })
  console.log('Emulators, token issuer and register are ready, with these settings:')
  for (const [name, value] of Object.entries(stack.settings)) console.log(`${name}=${value}`)
  console.log('Ctrl-C stops them.')
  return stack.stop
})

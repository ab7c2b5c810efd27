import path from 'node:path'
import { startHost } from '../../local/host/host.ts'
import { runUntilStopped } from '../../local/lifetime.ts'

// The local host of start-host.ts, with the floor instead of the app.
await runUntilStopped(async () => {
  const host = await startHost({ folder: path.join(import.meta.dirname, 'floor-app'), port: 0 })
  console.log(`The floor listens on ${host.url}`)
  return host.stop
})

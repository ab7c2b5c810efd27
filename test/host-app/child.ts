// A host in a process of its own, for host.test.ts. Arguments: its folder, and how an unhandled error ends it.
import { startHost } from '../../local/host/host.ts'

const [, , folder = '', exitCode] = process.argv
await startHost({
  folder,
  port: 0,
  leaseSeconds: 2,
  exitOnUnhandled: true,
  ...(exitCode && { onFatal: () => process.exit(Number(exitCode)) }),
})

// One of two ES modules that the glob of an app's `main` finds, for host.test.ts.
import { app } from '@azure/functions'
import { count } from './counter.mts'

app.http('first', { handler: async () => ({ body: `first ${count()}` }) })

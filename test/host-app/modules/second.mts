// The other one. A top-level await is allowed here.
import { app } from '@azure/functions'
import { count } from './counter.mts'

await Promise.resolve()
app.http('second', { handler: async (): Promise<object> => ({ body: `second ${count()}` }) })

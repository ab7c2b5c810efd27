// The floor as a function: only the two calls, in the host and under the load that the app has.
import { app } from '@azure/functions'
import { bareCalls } from '../support/bare-calls.ts'

app.setup({ enableHttpStream: true }) // as the app has it
const createAndSend = bareCalls(process.env)

app.http('publish-event', {
  route: 'app',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: async () => {
    await createAndSend()
    return { status: 201 }
  },
})

// The floor as a function: only the two calls, in the same host and under the same load as the app.
import { app } from '@azure/functions'
import { bareCalls } from '../support/bare-calls.ts'

app.setup({ enableHttpStream: true }) // as in the app
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

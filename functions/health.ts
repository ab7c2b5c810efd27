import { app } from '@azure/functions'
import { endpoint } from '../shared/handlers.ts'

/** GET and HEAD /health: 200 when Cosmos, the queue and the sweep are well, else 503; the body says how each part is. */
app.http('health', {
  route: 'health',
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  handler: endpoint(async ({ services }) => {
    const parts = await services.health()
    const well = Object.values(parts).every((word) => word === 'well')
    return { status: well ? 200 : 503, jsonBody: { status: well ? 'well' : 'unwell', parts } }
  }),
})

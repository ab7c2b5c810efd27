import { app } from '@azure/functions'
import { endpoint } from '../shared/handlers.ts'

/**
 * GET and HEAD /health: 200 when Cosmos DB, the queue and the timers are well, else 503; the body has the state of each part.
 */
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

import { app } from '@azure/functions'
import { endpoint } from '../shared/handlers.ts'

/**
 * GET and HEAD /health: 200 when Cosmos DB, the queue and the timers are well and keys can be had, else 503; the body has the state
 * of each part, of the keys at each address, and of the other services that are asked.
 */
app.http('health', {
  route: 'health',
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  handler: endpoint(async ({ services }) => {
    const { isWell, parts, keys, services: asked } = await services.health()
    const status = isWell ? 'well' : 'unwell'
    return { status: isWell ? 200 : 503, jsonBody: { status, parts, keys, services: asked } }
  }),
})

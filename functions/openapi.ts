import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { app } from '@azure/functions'
import { endpoint } from '../shared/handlers.ts'

// The build writes docs/openapi.yaml beside the bundle, as JSON. It is read on request, which is rare.
const description = path.join(import.meta.dirname, '../dist/openapi.json')

/** GET /openapi.json: the description of this API. */
app.http('openapi', {
  route: 'openapi.json',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: endpoint(async () => ({
    headers: { 'content-type': 'application/json' },
    body: await readFile(description, 'utf8'),
  })),
})

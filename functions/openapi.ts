import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { app } from '@azure/functions'
import { endpoint } from '../shared/handlers.ts'

// The build puts docs/openapi.yaml beside the bundle, as JSON. It is read when it is asked for, which is seldom.
const description = path.join(import.meta.dirname, '../dist/openapi.json')

/** GET /openapi.json: this API, for machines. */
app.http('openapi', {
  route: 'openapi.json',
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: endpoint(async () => ({
    headers: { 'content-type': 'application/json' },
    body: await readFile(description, 'utf8'),
  })),
})

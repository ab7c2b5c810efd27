import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import path from 'node:path'
import { before, test } from 'node:test'
import { parse } from 'yaml'
import { docsPage } from '../../local/docs-page.ts'
import { exampleEvent } from '../../local/example.ts'
import { type Delivery } from '../../local/receiver.ts'
import { problemTypes } from '../../shared/http/problem.ts'
import { assertHeaderValid, assertValid, description } from '../support/openapi-validation.ts'
import { type App } from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'
import type { Receiver } from '../support/own-app.ts'
import { createOwnApp } from '../support/own-app.ts'

const read = (file: string) => readFileSync(path.join(import.meta.dirname, '../..', file), 'utf8')
const startShared = useApp()
let receiver: Receiver
let app: App
before(async () => {
  ;({ receiver, app } = await startShared())
})

test('serves the description as written, with the address of the server', async () => {
  const answer = await fetch(`${app.api}/openapi.json`)
  assert.equal(answer.status, 200)
  const served: unknown = await answer.json()
  assert.deepEqual(served, parse(read('docs/openapi.yaml')))
  const [{ url }] = Object(served).servers
  assert.equal(new URL(url, answer.url).href, app.api)
})

test('its page loads nothing from elsewhere and escapes all content', () => {
  const html = docsPage({ altinnToken: '</script>attack', platformAccessToken: '' })
  assert.doesNotMatch(html, /<\/script>attack/)
  assert.doesNotMatch(html, /<(script|link|img)[^>]* (src|href)="(?!data:)/)
  assert.match(html, /default-src 'none'/)
})

test('its version is that of the package', () => {
  assert.equal(description.info.version, JSON.parse(read('package.json')).version)
})

test("its example of an event is the original documentation's", () => {
  const { post } = Object(description.paths['/app'])
  const { examples } = post.requestBody.content['application/json']
  assert.deepEqual(examples.instanceCreated.value, exampleEvent)
})

test('describes the problems that the code returns', () => {
  const { schemas } = Object(description).components
  const described = Object.values(schemas)
    .map((schema) => Object(schema).properties)
    .filter((properties) => properties?.status?.const !== undefined)
    .map(({ type, title, status }) => [status.const, type.const, title.const].join(' '))
  const coded = Object.entries(problemTypes).map(([status, type]) =>
    [status, type, STATUS_CODES[status]].join(' '),
  )
  assert.deepEqual(described.toSorted(), coded.toSorted())
})

test('describes the validation event and the events that a webhook receives', async () => {
  const own = await createOwnApp(app, receiver, 'described')
  await own.subscribe()
  const id = await own.publish({ data: { a: 1 }, contenttype: 'application/json' })
  const delivered = await own.arrived(id)
  const validation = receiver.deliveries.find(
    ({ path: at, event }) => at === own.path && event?.id !== id,
  )
  assert.ok(validation !== undefined)
  assertWebhook('event', delivered)
  assertWebhook('validation', validation)
})

function assertWebhook(name: string, { headers, body }: Delivery): void {
  const operation = `/webhooks/${name}/post`
  const { post } = Object(Object(description).webhooks[name])
  for (const { $ref } of post.parameters) assertHeaderValid(String($ref).slice(1), headers)
  assertValid(`${operation}/requestBody/content/application~1json/schema`, JSON.parse(body))
}

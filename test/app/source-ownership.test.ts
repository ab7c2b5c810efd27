import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { HOST, INSTANCE, OWN, sourceAttacks, startSourceFixture } from '../attacks/sources.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { assertRefused } from '../support/problems.ts'

const fixture = await startSourceFixture()
after(fixture.stop)
const { stores, app, restricted, publish } = fixture

for (const { target, name, expected, run } of sourceAttacks(fixture))
  test(`${target}: ${name}: ${expected}`, async () => {
    assert.equal(await run(), expected)
  })

const own: [source: string, to: typeof app, resourceinstance?: string][] = [
  [`${HOST}${OWN}/${INSTANCE}`, app, INSTANCE.replace('instances/', '')],
  [`${HOST}${OWN}/232243423`, app],
  [`${HOST}${OWN}`, app],
  [`${HOST}${OWN}/`, app],
  [`${HOST}${OWN}?x=/../other`, app],
  [`${HOST}${OWN}#//other`, app],
  [`${HOST}${OWN}/%C3%A5%20...x/..y`, app],
  [`HTTPS://TTD.apps.altinn.no:8443${OWN}/x;y=(1)`, app],
  [`http://local.altinn.cloud${OWN}/${INSTANCE}`, app, INSTANCE.replace('instances/', '')],
  [`http://localhost:5005${OWN}/${INSTANCE.toUpperCase()}`, app],
  [`http://127.0.0.1${OWN}`, app],
  [`http://[::1]:80${OWN}`, app],
  [`https://evil.example${OWN}`, app],
  [`${HOST}${OWN}`, restricted],
  [`https://a.b.APPS.altinn.no:443${OWN}`, restricted],
  [`http://local.altinn.cloud:8080${OWN}`, restricted],
  [`http://localhost${OWN}`, restricted],
]
test("every form of an app's own source is accepted and stored as it was sent", async () => {
  const wanted = new Map<unknown, object>()
  for (const [source, to, resourceinstance] of own) {
    const answer = await publish(source, { to })
    assert.equal(answer.status, 201, source)
    wanted.set(await answer.json(), { source, resourceinstance })
  }
  const documents = await stores.documents<EventDocument>('events')
  const stored = documents.map(({ id, event }): [string, object] => {
    assert.equal(event.resource, 'urn:altinn:resource:app_ttd_apps-test')
    return [id, { source: event.source, resourceinstance: event.resourceinstance }]
  })
  assert.deepEqual(new Map(stored), wanted)
})

test('a token of an org is valid for its own app only, in both directions', async () => {
  assert.equal((await publish(`${HOST}/ttd/apps`, { name: 'apps' })).status, 201)
  await assertRefused(await publish(`${HOST}/ttd/apps-test`, { name: 'apps' }), 401)
  assert.equal((await publish(`${HOST}/ttd/apps-test`)).status, 201)
  await assertRefused(await publish(`${HOST}/ttd/apps`), 401)
})

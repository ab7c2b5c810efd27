import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { exampleEvent } from '../../local/example.ts'
import type { FaultProxy } from '../../local/fault-proxy.ts'
import { toStored } from '../../shared/events/event-document.ts'
import { parseLossless } from '../../shared/http/lossless-json.ts'
import { createOwnApp, type OwnApp } from '../support/own-app.ts'
import { createReader } from '../support/reader.ts'
import { seedOf } from '../support/seed.ts'
import { documentAt } from '../support/stored-events.ts'
import { callerClaims, mintToken, type App } from '../support/subscriber.ts'
import { deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import { useProxiedStores } from './proxied-stores.ts'

// Numbers in `data` arrive as they were sent, even if a double would change them.
const startShared = useProxiedStores()
let stores: TestStores
let cosmos: FaultProxy
let app: App
let own: OwnApp
before(async () => {
  const shared = await startShared()
  ;({ stores, cosmos, app } = shared)
  own = await createOwnApp(app, shared.receiver, 'exact')
  await own.subscribe()
})

const literals = ['9007199254740993', '12345678901234567890', '1e-400', '-0', '1.10', '1e400']
literals.push('1E5', '0.1', '-0.0', '100', '0.30000000000000004', '9'.repeat(400), '-1e-7')
const seed = seedOf('SEED', process.env['SEED'])

/** JSON texts whose objects have names that come once, and that are not numbers: those would change places. */
const json = fc.letrec<{ value: string }>((tie) => {
  const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/)
  const text = fc.string({ unit: 'grapheme', maxLength: 8 }).map((each) => JSON.stringify(each))
  const pairs = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,3}$/), tie('value')), {
    selector: ([name]) => name,
    maxLength: 3,
  })
  const objects = pairs.map(
    (all) => `{${all.map(([name, each]) => `"${name}":${each}`).join(',')}}`,
  )
  const lists = fc.array(tie('value'), { maxLength: 3 }).map((all) => `[${all.join(', ')}]`)
  const leaves = [digits, text, fc.constantFrom('true', 'null', ...literals)]
  return { value: fc.oneof({ maxDepth: 3 }, ...leaves, objects, lists) }
}).value

/** A JSON text without its white space, and its strings in one spelling. */
const tokensOf = (text: string): string[] =>
  [...text.matchAll(/"(?:[^"\\]|\\.)*"|[^\s",:[\]{}]+|[,:[\]{}]/g)].map(([token]) =>
    token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : token,
  )

const withData = (data: string): string => {
  const example = JSON.stringify({ ...exampleEvent, source: own.source })
  return `${example.slice(0, -1)},"data":${data}}`
}
const dataOf = (body: string): string => JSON.stringify(Object(parseLossless(body)).data)

async function delivered(data: string): Promise<string> {
  const answer = await app.publish(withData(data), own.headers)
  assert.equal(answer.status, 201, `${data}: ${await answer.clone().text()}`)
  return dataOf((await own.arrived(String(await answer.json()))).body)
}

test('delivers numbers as they were written', async () => {
  const sent = literals.map((literal) => `[${literal}]`)
  assert.deepEqual(await Promise.all(sent.map(delivered)), sent)
})

test(`delivers any data literal by literal: SEED=${seed}`, async () => {
  const texts = fc.sample(json, { seed, numRuns: 100 }).filter((text) => text !== 'null') // counts as absent
  const arrived = await Promise.all(texts.map(delivered))
  for (const [index, text] of texts.entries())
    assert.deepEqual(tokensOf(arrived[index] ?? ''), tokensOf(text), text)
})

test(
  'keeps the numbers of an event that came through the queue',
  { skip: deployedUrl !== undefined },
  async () => {
    cosmos.plan = ({ method, url }) =>
      method === 'POST' && url.endsWith('/colls/events/docs') ? { status: 503 } : undefined
    const answer = await app.publish(withData('[1.10]'), own.headers)
    cosmos.plan = () => undefined
    assert.equal(answer.status, 201)
    const event = String(await answer.json())
    assert.equal(dataOf((await own.arrived(event, 60)).body), '[1.10]')
  },
)

test('gives a reader the numbers as they were published', async () => {
  const old = documentAt(Date.now() - 60_000, {
    app: 'exact-read',
    data: parseLossless('[1.10,-0]'),
  })
  await stores.container('events').items.create(toStored(old))
  const reader = createReader(app, await mintToken(callerClaims.ttd))
  const text = await eventually('it is read', async () => {
    const answer = await (await reader.get('ttd/exact-read?after=1')).text()
    return answer.includes(old.id) && answer
  })
  assert.match(text, /"data":\[1\.10,-0\]/)
})

test('delivers data_base64 if there is no data, and requires base64', async () => {
  const publish = (more: object) =>
    app.publish({ ...exampleEvent, source: own.source, ...more }, own.headers)
  for (const [more, expected] of [
    [{ data_base64: 'aGVp' }, { data_base64: 'aGVp' }],
    [{ data_base64: 'aGVp', data: 1 }, { data: 1 }],
  ] as const) {
    const event = String(await (await publish(more)).json())
    const { data, data_base64 } = Object(JSON.parse((await own.arrived(event)).body))
    assert.deepEqual(JSON.parse(JSON.stringify({ data, data_base64 })), expected)
  }
  const refused = await publish({ data_base64: 'no base64!' })
  assert.equal(refused.status, 400)
  assert.match(await refused.text(), /data_base64.* must be base64/)
})

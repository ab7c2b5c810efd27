import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { startReceiver } from '../../local/receiver.ts'
import { subscribeExample } from '../../local/subscribe.ts'
import { startApp } from '../support/app.ts'
import { createTestStores, deployedUrl, eventually, setting } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'

const skip = deployedUrl !== undefined && 'the processes must be its own'
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const callersSpan = '00f067aa0ba902b7'
const tree = { 'publish-event': { 'fan-out-event': {}, 'retry-delivery': {} } }
const inUse = ['events-inbound', 'events-retry', 'drains']
const metrics = [
  'app_events.deliveries',
  'app_events.deliveries.dead_last_hour',
  'app_events.deliveries.oldest_due',
  'app_events.fan_out.oldest_pending',
  'app_events.poison_messages',
  'app_events.redrives',
  'app_events.subscriptions.open_circuits',
  'app_events.webhook.duration',
  'http.server.request.duration',
] // and app_events.circuit.openings, once one opens

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
}

/** An OTLP collector (JSON over HTTP) that keeps what it gets in memory. */
async function startCollector() {
  const traces: unknown[] = []
  const measured: unknown[] = []
  const server = createServer((request, response) => {
    const list = request.url === '/v1/traces' ? traces : measured
    void json(request).then((body) => list.push(body))
    response.setHeader('content-type', 'application/json').end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    text: () => JSON.stringify([traces, measured]),
    spans: (): Span[] => under(traces, 'resourceSpans', 'scopeSpans', 'spans'),
    metricNames: () =>
      under(measured, 'resourceMetrics', 'scopeMetrics', 'metrics').map(({ name }) => String(name)),
    stop: () => server.close(),
  }
}

/** The objects under these member names, through the lists on the way. */
function under(from: unknown[], ...names: string[]) {
  const step = (all: unknown[], name: string) => all.flatMap((one) => Object(one)[name] ?? [])
  return names.reduce(step, from).map((one) => Object(one))
}

/** The spans under a parent, by name; a name that comes again is numbered. */
function treeOf(spans: Span[], parent: string): object {
  const named = new Map<string, object>()
  const children = spans.filter(({ parentSpanId }) => parentSpanId === parent)
  for (const { name, spanId } of children)
    named.set(named.has(name) ? `${name} 2` : name, treeOf(spans, spanId))
  return Object.fromEntries(named)
}

test('one trace spans all processes and subscribers, as a tree', { skip }, async (t) => {
  const [collector, receiver] = await Promise.all([startCollector(), startReceiver()])
  t.after(async () => {
    collector.stop()
    await receiver.stop()
  })
  const stores = await createTestStores()
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    DELIVERY_RETRY_SECONDS: '1,1',
  }
  const start = (...functions: string[]) => startApp(stores, { settings, functions })
  const [http, ...others] = await Promise.all([
    start('publish-event', 'create-subscription', 'read-subscription', 'sweep-events', 'gauge'),
    start('fan-out-event'),
    start('retry-delivery', 'drain-backlog', 'validate-subscription'),
  ])
  for (const path of ['well', 'ill'])
    await subscribeExample(http.api, setting('TEST_ISSUER'), `${receiver.url}/${path}`)
  const publish = async (headers = {}) =>
    String(await (await http.publish(exampleEvent, headers)).json())
  const arrived = (id: string) => receiver.deliveries.filter(({ event }) => event?.id === id)
  const earlier: string[] = []
  await eventually('indexes that know both', async () => {
    earlier.push(await publish())
    return earlier.some((each) => arrived(each).length === 2)
  })
  await eventually('what came before is done', async () =>
    (await Promise.all(inUse.map((queue) => stores.countMessages(queue)))).every(
      (count) => count === 0,
    ),
  )

  let calls = 0
  receiver.behave(() => ({ status: calls++ === 0 ? 503 : 200 }), '/ill')
  const id = await publish({ traceparent: `00-${traceId}-${callersSpan}-01` })
  await eventually('both, one of them again', () => arrived(id).length === 3)
  for (const [timer, line] of [
    ['sweep-events', '"what":"sweep.done"'],
    ['gauge', '"what":"gauge"'],
  ] as const) {
    await http.runTimer(timer)
    await eventually(`${timer} ran`, () => http.lines.some((each) => each.includes(line)))
  }
  await Promise.all([http, ...others].map(({ stop }) => stop())) // what is not exported yet now is

  const spans = collector.spans().filter((span) => span.traceId === traceId)
  assert.deepEqual(treeOf(spans, callersSpan), tree)
  const spanOf = (wanted: string) => spans.find(({ name }) => name === wanted)?.spanId
  const told = arrived(id).map(({ headers }) => headers['traceparent']?.split('-')[2])
  const [first, second] = [spanOf('fan-out-event'), spanOf('retry-delivery')]
  assert.deepEqual(told, [first, first, second], 'each webhook names the step that sent it')
  assert.deepEqual([...new Set(collector.metricNames())].toSorted(), metrics)
  assert.doesNotMatch(collector.text(), /27124902369|eyJ/, 'no identity number, no token')
})

test('works without its collector', { skip }, async () => {
  const app = await startApp(await createTestStores(), {
    settings: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
    functions: ['publish-event'],
  })
  assert.equal((await app.publish()).status, 201)
  const began = Date.now()
  await app.stop()
  assert.ok(Date.now() - began < scaleTimeout(4000), `stopped after ${Date.now() - began} ms`)
})

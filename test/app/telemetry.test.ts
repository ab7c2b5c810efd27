import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { before, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { startReceiver } from '../../local/receiver.ts'
import { subscribeExample } from '../../local/subscribe.ts'
import { startApp, tokensOf } from '../support/app.ts'
import {
  createTestStores,
  deployedUrl,
  eventually,
  setting,
  type TestStores,
} from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'
import { scaleTimeout } from '../support/time-limits.ts'

const skip = deployedUrl !== undefined && 'the processes must be its own'
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const unsampledTraceId = '0af7651916cd43dd8448eb211c80319c'
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

/** Publishes an event with a caller's trace, and others, through three processes that have ended and so exported all. */
async function runTraced() {
  const [collector, receiver, stores] = await Promise.all([
    startCollector(),
    startReceiver(),
    createTestStores(),
  ])
  const apps = await startProcesses(stores, collector.url)
  try {
    const arrived = (id: string) => receiver.deliveries.filter(({ event }) => event?.id === id)
    const untraced = [
      ...(await publishUntilKnown(apps[0], receiver.url, arrived)),
      ...(await publishToNobody(apps[0])),
    ]
    await eventually('what came before is done', async () =>
      (await Promise.all(inUse.map((queue) => stores.countMessages(queue)))).every(
        (count) => count === 0,
      ),
    )
    let calls = 0
    receiver.behave(() => ({ status: calls++ === 0 ? 503 : 200 }), '/ill')
    const id = await publish(apps[0], { traceparent: `00-${traceId}-${callersSpan}-01` })
    await eventually('both, one of them again', () => arrived(id).length === 3)
    await runTimers(apps[0])
    return { collector, untraced, arrivals: arrived(id) }
  } finally {
    await Promise.all(apps.map(({ stop }) => stop())) // what is not exported yet now is
    collector.stop()
    await receiver.stop()
  }
}

function startProcesses(stores: TestStores, collector: string) {
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector, DELIVERY_RETRY_SECONDS: '1,1' }
  const start = (...functions: string[]) => startApp(stores, { settings, functions })
  return Promise.all([
    start('publish-event', 'create-subscription', 'read-subscription', 'sweep-events', 'gauge'),
    start('fan-out-event'),
    start('retry-delivery', 'drain-backlog', 'validate-subscription'),
  ])
}

const publish = async (app: App, headers = {}, event = exampleEvent): Promise<string> =>
  String(await (await app.publish(event, headers)).json())

/** Subscribes two paths, and returns the events that it has published until both are sent them. */
async function publishUntilKnown(
  app: App,
  receiver: string,
  arrived: (id: string) => unknown[],
): Promise<string[]> {
  for (const path of ['well', 'ill'])
    await subscribeExample(app.api, setting('TEST_ISSUER'), `${receiver}/${path}`)
  const published: string[] = []
  await eventually('indexes that know both', async () => {
    published.push(await publish(app))
    return published.some((each) => arrived(each).length === 2)
  })
  return published
}

/** Publishes events that nobody subscribes to: 20 without a trace, which it returns, and one whose caller samples it out. */
async function publishToNobody(app: App): Promise<string[]> {
  const [altinn, platform] = await tokensOf('ttd', 'traced')
  const headers = { Authorization: `Bearer ${altinn}`, PlatformAccessToken: platform }
  const event = { ...exampleEvent, source: exampleEvent.source.replace('apps-test', 'traced') }
  const ids = await Promise.all(Array.from({ length: 20 }, () => publish(app, headers, event)))
  const traceparent = `00-${unsampledTraceId}-${callersSpan}-00`
  await publish(app, { ...headers, traceparent }, event)
  return ids
}

async function runTimers(app: App): Promise<void> {
  for (const [timer, line] of [
    ['sweep-events', '"what":"sweep.done"'],
    ['gauge', '"what":"gauge"'],
  ] as const) {
    await app.runTimer(timer)
    await eventually(`${timer} ran`, () => app.lines.some((each) => each.includes(line)))
  }
}

let traced: Awaited<ReturnType<typeof runTraced>>
before(async () => {
  if (skip === false) traced = await runTraced()
})

test('one trace spans all processes and subscribers, as a tree', { skip }, () => {
  const { collector, arrivals } = traced
  const spans = collector.spans().filter((span) => span.traceId === traceId)
  assert.deepEqual(treeOf(spans, callersSpan), tree)
  const spanOf = (wanted: string) => spans.find(({ name }) => name === wanted)?.spanId
  const told = arrivals.map(({ headers }) => headers['traceparent']?.split('-')[2])
  const [first, second] = [spanOf('fan-out-event'), spanOf('retry-delivery')]
  assert.deepEqual(told, [first, first, second], 'each webhook names the step that sent it')
  assert.deepEqual([...new Set(collector.metricNames())].toSorted(), metrics)
  assert.doesNotMatch(collector.text(), /27124902369|eyJ/, 'no identity number, no token')
})

test('of callers that send no trace every one is exported', { skip }, () => {
  const { collector, untraced } = traced
  const spans = collector.spans()
  const ofCallers = spans.filter((span) => span.name === 'publish-event')
  const own = ofCallers.filter((span) => span.traceId !== traceId)
  assert.equal(new Set(own.map((span) => span.traceId)).size, untraced.length)
  assert.ok(
    spans.every((span) => span.traceId !== unsampledTraceId),
    'whose caller samples it out',
  )
})

test('a collector that is away is no trouble', { skip }, async () => {
  const app = await startApp(await createTestStores(), {
    settings: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
    functions: ['publish-event'],
  })
  assert.equal((await app.publish()).status, 201)
  const began = Date.now()
  await app.stop()
  assert.ok(Date.now() - began < scaleTimeout(4000), `stopped after ${Date.now() - began} ms`)
})

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, suite, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { startPolicyDecisionPoint } from '../../local/policy-decision-point.ts'
import { persons } from '../../local/register.ts'
import { startReceiver } from '../../local/receiver.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { timers } from '../../shared/telemetry/heartbeat-store.ts'
import { startApp } from '../support/app.ts'
import { read } from '../support/bicep.ts'
import { bareEnvironment } from '../support/environment.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { bundledSdks } from '../support/host-process.ts'
import { logQueries } from '../support/log-queries.ts'
import {
  createSubscriptionsClient,
  callerClaims,
  eventuallyByApi,
  mintToken,
} from '../support/subscriber.ts'
import { createTestStores, deployedUrl, eventually } from '../support/stores.ts'

// What the run book tells to run: infra/queries on the log, the queries on the database, and how to erase a person.
const root = path.join(import.meta.dirname, '../..')
const runbook = read('docs/operations.md')
const sqlBlocks = [...runbook.matchAll(/^```sql\n([^]*?)^```$/gm)].map(([, block = '']) => block)
const nowhere = 'AccountEndpoint=http://127.0.0.1:1/;AccountKey=a2V5;'
const person = '/person/01017512345'
const party = '/party/50019855'
const wrongGrants = { id: 'grants', consumer: 'grants', grants: [{ who: 'ttd' }] }

suite(
  'with an app that has done everything once',
  { skip: deployedUrl !== undefined },
  async () => {
    const [stores, policy] = await Promise.all([createTestStores(), startPolicyDecisionPoint()])
    const [app, receiver, failing] = await Promise.all([
      startApp(stores, {
        settings: { DELIVERY_RETRY_SECONDS: '1,1', ACCESS_GRANTS: '' },
        readsPoison: true,
      }),
      startReceiver(),
      startApp(stores, {
        settings: {
          ...policy.settings,
          MASKINPORTEN_TOKEN_URL: 'http://127.0.0.1:1/token',
          Cosmos: nowhere,
          PLATFORM_TOKEN_JWKS_URL: 'http://127.0.0.1:1/{issuer}',
          ALTINN_REGISTER_URL: 'http://127.0.0.1:1/register/api/',
        },
        functions: [
          'list-subscriptions',
          'publish-event',
          'read-generic-events',
          'read-party-events',
        ],
      }),
    ])
    after(() => Promise.all([app.stop(), receiver.stop(), failing.stop(), policy.stop()]))
    const tried = new Set<string>()
    receiver.behave(({ event: { id = '' } = {} }) => {
      const isFirst = !tried.has(id)
      tried.add(id)
      return { status: isFirst ? 503 : 200 }
    })
    const token = await mintToken(callerClaims.ttd)
    const client = createSubscriptionsClient(app, token)
    const subscription = await client.subscribed({
      endPoint: receiver.url,
      resourceFilter: 'urn:altinn:resource:app_ttd_apps-test',
    })
    const publish = async (event: object) => String(await (await app.publish(event)).json())
    const mine = await publish({ ...exampleEvent, subject: party, alternativesubject: person })
    const others = await publish({
      ...exampleEvent,
      subject: '/party/1',
      alternativesubject: undefined,
    })
    await delivered(mine, others)

    const written = () => linesOf([...app.lines, ...failing.lines])

    async function delivered(...events: string[]): Promise<void> {
      await eventuallyByApi('both are delivered', async () => {
        const { deliveries } = await client.deliveries(subscription.id, '?state=delivered')
        return events.every((id) => deliveries.some(({ event }) => event === id))
      })
    }

    test('the log lines have the members that the queries read', async () => {
      const one = `/${subscription.id}`
      await client.requestJson(202, 'POST', `${one}/deliveries/${others}/retry`)
      await client.replay(subscription.id, { only: 'all' }) // which starts a drain
      await client.replayDone(subscription.id)
      await stores.send('events-inbound-poison', 'nonsense')
      for (const timer of timers) await app.runTimer(timer)
      await fetch(`${failing.api}/subscriptions`, { headers: { authorization: `Bearer ${token}` } })
      await failing.publish()
      const reader = await mintToken({ ...callerClaims.ttd, scope: 'altinn:events.subscribe' })
      await createGenericClient(failing, reader).read('resource=urn:altinn:resource:a&after=0')

      const itself = await mintToken(callerClaims.user)
      await fetch(`${failing.api}/app/party?after=0`, {
        headers: { authorization: `Bearer ${itself}`, person: persons.one.number },
      })
      await stores.container('subscriptions').items.upsert(wrongGrants)
      await eventually('a read of the document of grants', async () => {
        await createGenericClient(app, reader).read('resource=urn:altinn:resource:a&after=0')
        return app.lines.some((line) => line.includes('access.grants_wrong'))
      })

      const begins = [...new Set(logQueries.flatMap((query) => linesIn(query).begins))]
      assert.ok(begins.length > 8)
      for (const begin of begins)
        await eventually(`a line that begins ${begin}`, () =>
          written().some(({ line }) => line.startsWith(begin)),
        )
      const lines = written()
      for (const query of logQueries) {
        const { begins: ones, fields, sweeps } = linesIn(query)
        const matching = lines.filter(
          ({ line }) => ones.length === 0 || ones.some((begin) => line.startsWith(begin)),
        )
        const known = new Set(matching.flatMap(({ members }) => members))
        for (const sweep of sweeps)
          assert.ok(
            matching.some(({ line }) => line.includes(`"sweep":"${sweep}"`)),
            query,
          )
        for (const field of fields) assert.ok(known.has(field), `${field} in:\n${query}`)
      }
    })

    test('the database queries are served by its indexes, and find what they should', async () => {
      const queries = sqlBlocks.map((block) => /^-- (\w+)\n([^]*)$/.exec(block) ?? [])
      assert.ok(queries.length > 7)
      const found = []
      for (const [, container = '', query = ''] of queries) {
        const mended = query.replaceAll('0193566b-0000-7000-8000-000000000000', mine)
        const { resources } = await stores.container(container).items.query(mended).fetchAll()
        if (resources.length > 0) found.push(container)
      }
      assert.deepEqual(
        new Set(found),
        new Set(['events', 'deliveries', 'subscriptions', 'poison', 'requests']),
      )
    })

    test('erasing finds a person by party or alternative subject, and nobody else', async () => {
      await stores.send('replays-poison', { about: person })
      await eventuallyByApi('kept', async () => (await stores.documents('poison')).length === 2)
      const counted = await erase(`${party}\n${person}\n`)
      assert.equal(counted.status, 0, counted.said)
      assert.match(counted.said, /line 1: found 1 events, 1 deliveries, 0 poison messages\n/)
      assert.match(counted.said, /line 2: found 1 events, 1 deliveries, 1 poison messages\n/)
      assert.match(counted.said, /meant for: \/org\/ttd\n[^]*Nothing was erased/)
      assert.doesNotMatch(counted.said, /01017512345|50019855/, 'who it is about is not repeated')

      const erased = await erase(`${person}\n`, '--yes')
      assert.match(erased.said, /line 1: erased 1 events, 1 deliveries, 1 poison messages\n/)
      assert.deepEqual(
        (await stores.documents<EventDocument>('events')).map(({ id }) => id),
        [others],
      )
      assert.deepEqual(
        (await stores.documents<DeliveryDocument>('deliveries')).map(({ id }) => id),
        [others],
      )
      assert.match((await erase(`${party}\n`)).said, /found 0 events, 0 deliveries, 0 poison/)
    })

    test('erasing rejects an invalid subject without repeating it', async () => {
      const wrong = await erase('01017512345\n')
      assert.deepEqual([wrong.status, /01017512345$/m.test(wrong.said)], [1, false])
      assert.match(wrong.said, /^Line 1 is no subject such as/)
      assert.match((await erase('')).said, /^Give the subjects on standard input/)
    })

    async function erase(input: string, ...args: string[]) {
      const env = { ...bareEnvironment(), ...stores.settings }
      const program = ['--import', bundledSdks, path.join(root, 'infra/erase.ts')]
      const child = spawn(process.execPath, [...program, ...args], { env })
      child.stdin.end(input)
      const ended = once(child, 'close')
      const said = (await Promise.all([text(child.stdout), text(child.stderr)])).join('')
      const [status] = await ended
      return { status, said }
    }
  },
)

/** The lines of JSON in what an app has written, each with the names of its members. */
function linesOf(output: string[]): { line: string; members: string[] }[] {
  return output.flatMap((each) => {
    const [line] = /\{"what":.*\}$/.exec(each) ?? []
    return line === undefined ? [] : [{ line, members: Object.keys(JSON.parse(line)) }]
  })
}

/** How the lines begin that a query looks for, and what it reads of them. */
function linesIn(query: string): Record<'begins' | 'fields' | 'sweeps', string[]> {
  const named = (pattern: RegExp) => [...query.matchAll(pattern)].map(([, name = '']) => name)
  const listed = named(/line\.what in \((.*?)\)/g).flatMap((list) =>
    [...list.matchAll(/'(.*?)'/g)].map(([, name = '']) => name),
  )
  return {
    begins: [
      ...named(/startswith '(\{"what":"[^']+)'/g),
      ...listed.map((what) => `{"what":"${what}"`),
    ],
    sweeps: named(/sweep == '([^']+)'/g),
    fields: named(/(?:line|parse_json\(Message\))\.(\w+)/g),
  }
}

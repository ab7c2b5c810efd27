// What the in-process host (local/host) promises. What the real one does is said in its files, with sources.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { backoff } from '../local/host/queue.ts'
import { parseSchedule } from '../local/host/schedule.ts'
import { readHostSettings } from '../local/host/settings.ts'
import { connectionString, makeApp, start } from './host-app/stage.ts'
import { startAzurite, startProxy, until } from './host-app/stage.ts'

process.env['AzureWebJobs.h-off.Disabled'] = 'TRUE'
process.env['AzureWebJobs.off.Disabled'] = '1'
process.env['AzureWebJobs.never-on.Disabled'] = 'true'
process.env['HOST_TEST_SCHEDULE'] = '* * * * * *'

/** Sends bytes as they are; gives back all that comes until the connection ends. */
async function raw(port: number, lines: string[], body = '', waitMs = 10_000) {
  const socket = connect(port, '127.0.0.1')
  const wait = setTimeout(() => socket.destroy(), waitMs)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  await once(socket, 'close')
  clearTimeout(wait)
  return Buffer.concat(chunks).toString()
}
const close = ['host: caller.example:81', 'connection: close']
const jsonOf = (answer: string) => JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? 'null')
const statusOf = (answer: string) => Number(answer.split(' ')[1])

describe('the local Functions host', { concurrency: true }, () => {
  test('HTTP requests', async (t) => {
    const { host } = await start(t, 'http.cjs', { functions: ['ECHO'] })
    const { port, url } = host

    await t.test('repeated headers and query names are joined, names in any case', async () => {
      const answer = await raw(port, [
        'GET /api/echo?a=1&b=x%20y+z&A=2&a HTTP/1.1',
        ...close,
        'Authorization: one',
        'AUTHORIZATION: two',
        'Content-Type: a/b',
        'content-type: c/d',
        'User-Agent: u1',
        'User-Agent: u2',
        'X-Empty:',
        'Cookie: a=1',
        'Cookie: b=2',
      ])
      const { headers, query } = jsonOf(answer)
      assert.deepEqual(headers, [
        ['authorization', 'one,two'],
        ['connection', 'close'],
        ['content-type', 'a/b,c/d'],
        ['cookie', 'a=1,b=2'],
        ['host', 'caller.example:81'],
        ['user-agent', 'u1,u2'],
        ['x-empty', ''],
      ])
      assert.deepEqual(query, [
        ['a', '1,2,'],
        ['b', 'x y z'],
      ])
    })

    await t.test('the address is absolute, with the host that the caller named', async () => {
      const answer = await raw(port, ['GET /api/echo/x?q=%2F HTTP/1.1', ...close])
      assert.equal(jsonOf(answer).url, 'http://caller.example:81/api/echo/x?q=%2F')
      assert.equal(
        statusOf(await raw(port, ['GET /api/echo HTTP/1.1', 'host: a b', 'connection: close'])),
        400,
      )
    })

    await t.test('route parameters are decoded once, and an encoded slash stays', async () => {
      const { params } = jsonOf(
        await raw(port, ['GET /API/ECHO/a%20%C3%A5%2Fb%252F%ff/ HTTP/1.1', ...close]),
      )
      assert.deepEqual(params, { name: 'a å%2Fb%2F%ff' })
      const absent = await fetch(`${url}/api/echo`)
      assert.partialDeepStrictEqual(await absent.json(), { params: {}, metadata: 'none' })
    })

    await t.test('a body with a length arrives, any other counts as empty', async () => {
      const post = ['POST /api/echo HTTP/1.1', ...close]
      assert.equal(jsonOf(await raw(port, [...post, 'content-length: 3'], 'abc')).body, 'abc')
      assert.equal(
        jsonOf(await raw(port, [...post, 'transfer-encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n'))
          .body,
        '',
      )
      const get = ['GET /api/echo HTTP/1.1', ...close, 'content-length: 3']
      assert.equal(jsonOf(await raw(port, get, 'abc')).body, '')
    })

    await t.test('a body over 104,857,600 bytes is refused before it is read', async () => {
      const post = (size: number) => [
        'POST /api/echo HTTP/1.1',
        ...close,
        `content-length: ${size}`,
      ]
      const answer = await raw(port, post(104_857_601))
      assert.match(answer, /^HTTP\/1.1 413 .*\r\n\r\n$/s)
      assert.equal(
        statusOf(
          await raw(port, ['POST /nowhere HTTP/1.1', ...close, 'content-length: 104857601']),
        ),
        404,
      )
      assert.equal(await raw(port, post(104_857_600), 'the rest never comes', 200), '')
    })

    await t.test(
      "the caller's trace goes on with a new span, else there is a new trace",
      async () => {
        const traceOf = async (headers: Record<string, string>) => {
          const answer = await fetch(`${url}/api/echo`, { headers })
          return Object(await answer.json()).trace
        }
        const id = '0af7651916cd43dd8448eb211c80319c'
        const caller = { traceparent: `00-${id}-b7ad6b7169203331-01`, tracestate: 'v=1' }
        const { traceParent, traceState } = await traceOf(caller)
        assert.match(traceParent, new RegExp(`^00-${id}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`))
        assert.equal(traceState, 'v=1')
        const shouted = `TRACEPARENT: ${caller.traceparent}`
        const answer = await raw(port, ['GET /api/echo HTTP/1.1', ...close, shouted])
        assert.match(jsonOf(answer).trace.traceParent, new RegExp(`^00-${id}-`))
        for (const traceparent of ['', 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]) {
          const fresh = await traceOf({ traceparent, tracestate: 'v=1' })
          assert.match(fresh.traceParent, /^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/)
          assert.deepEqual(Object.keys(fresh), ['traceParent'])
        }
      },
    )

    await t.test('an upload that breaks off harms nobody', async () => {
      const socket = connect(port, '127.0.0.1')
      socket.end('POST /api/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc')
      await once(socket.resume(), 'close')
      assert.equal((await fetch(`${url}/api/echo`)).status, 200)
    })
  })

  test('HTTP answers', async (t) => {
    const { host, lines } = await start(t, 'http.cjs')
    const get = (kind: string) => fetch(`${host.url}/api/answer/${kind}`)
    const json = 'application/json'
    const plain = 'text/plain;charset=UTF-8'

    await t.test('status, content type and body are those of the classic mode', async () => {
      const expected: [string, number, string | null, string][] = [
        ['nothing', 204, null, ''],
        ['null', 204, null, ''],
        ['empty', 200, null, ''],
        ['json', 200, json, '{"a":1}'],
        ['nulljson', 200, null, ''],
        ['both', 200, json, '1'],
        ['text', 200, plain, 'blåbær'],
        ['object', 200, plain, '[object Object]'],
        ['bytes', 200, null, '\0\ufffd'],
        ['string', 500, null, ''],
        ['status99', 500, null, ''],
        ['nobody', 204, null, ''],
        ['native', 202, plain, 'native'],
        ['throw', 500, null, ''],
      ]
      for (const [kind, status, type, body] of expected) {
        const answer = await get(kind)
        const seen = [kind, answer.status, answer.headers.get('content-type'), await answer.text()]
        assert.deepEqual(seen, [kind, status, type, body])
      }
    })

    await t.test('the message of a throw goes to the log, and the host lives on', async () => {
      await get('throw')
      assert.match(lines.join('\n'), /\[error\] Function\.answer: Error: the secret reason\n/)
      assert.equal((await get('json')).status, 200)
    })

    await t.test(
      'a body is chunked unless the function gives its length; names are in lower case',
      async () => {
        const ask = (kind: string) => raw(host.port, [`GET /api/answer/${kind} HTTP/1.1`, ...close])
        assert.match(await ask('text'), /\r\ntransfer-encoding: chunked\r\n/i)
        const fixed = await ask('length')
        assert.match(fixed, /\r\ncontent-length: 4\r\n/)
        assert.match(fixed, /\r\nx-case: Kept\r\n/)
        assert.doesNotMatch(fixed, /transfer-encoding/i)
      },
    )

    await t.test('cookies are written as ASP.NET Core does', async () => {
      assert.deepEqual((await get('cookies')).headers.getSetCookie(), [
        'plain=1',
        'a=b%20c%27; max-age=3; path=/; secure; samesite=strict; httponly',
        'd=; expires=Sun, 09 Sep 2001 01:46:40 GMT; domain=example.org; path=/x',
        'e=1; path=/; samesite=none',
      ])
    })
  })

  test('routes', async (t) => {
    const { host, lines } = await start(t, 'http.cjs')
    const ask = async (path: string, method = 'GET') => {
      const answer = await fetch(`${host.url}${path}`, { method })
      const text = await answer.text()
      return answer.status === 200 ? (text ? JSON.parse(text) : text) : [answer.status, text]
    }

    await t.test('the first function by name wins, not the most exact template', async () => {
      assert.deepEqual(await ask('/api/things/special'), ['a-item', { id: 'special' }])
      assert.deepEqual(await ask('/api/things/special', 'DELETE'), ['B-special', {}])
    })

    await t.test(
      'a wrong method, an unknown path, HEAD and OPTIONS are 404 and empty',
      async () => {
        const none = [404, '']
        assert.deepEqual(await ask('/api/things/x', 'PUT'), none)
        assert.deepEqual(await ask('/api/things/x', 'HEAD'), none)
        assert.deepEqual(await ask('/api/things/x', 'OPTIONS'), none)
        for (const path of [
          '/',
          '/things/x',
          '/api',
          '/api/things',
          '/api/things/x/y',
          '/api//things/x',
        ])
          assert.deepEqual(await ask(path), none, path)
        assert.equal(
          (await fetch(`${host.url}/api/head`, { method: 'HEAD' })).headers.get('x'),
          'head',
        )
      },
    )

    await t.test(
      'the name is the default route, for GET and POST; a trailing slash is nothing',
      async () => {
        for (const method of ['GET', 'POST']) {
          const answer = await fetch(`${host.url}/API/Plain/`, { method })
          assert.equal(await answer.text(), 'plain')
        }
        assert.deepEqual(await ask('/api/plain', 'PUT'), [404, ''])
      },
    )

    await t.test('constraints choose between templates', async () => {
      const guid = '0188F7A1-0000-7000-8000-00000000abcd'
      assert.deepEqual(await ask('/api/typed/12'), ['c-int', { id: '12' }])
      assert.deepEqual(await ask('/api/typed/9'), [404, ''])
      assert.deepEqual(await ask(`/api/typed/${guid}`), ['d-guid', { id: guid }])
      assert.deepEqual(await ask('/api/typed/Ab'), ['e-alpha', { id: 'Ab' }])
      assert.deepEqual(await ask('/api/typed/abcd'), [404, ''])
      assert.deepEqual(await ask('/api/typed/X34'), ['f-regex', { id: 'X34' }])
      assert.deepEqual(await ask('/api/typed/x345'), [404, ''])
    })

    await t.test('a catch-all takes the rest, or nothing', async () => {
      const params = { kind: 'a', ext: 'b' }
      assert.deepEqual(await ask('/api/files/a.b/c/d%20e'), [
        'g-rest',
        { ...params, rest: 'c/d e' },
      ])
      assert.deepEqual(await ask('/api/files/a.b'), ['g-rest', params])
    })

    await t.test('a disabled function is 404, and still hides the one behind it', async () => {
      assert.deepEqual(await ask('/api/off/x'), [404, ''])
      assert.deepEqual(await ask('/api/off/x', 'POST'), [404, ''])
    })

    await t.test(
      'functions the host would not take are left out, each with a line in the log',
      async () => {
        const left = lines.flatMap((line) => /Host: (\S+ is left out: .*)/.exec(line)?.[1] ?? [])
        assert.deepEqual(left.toSorted(), [
          '9-bad-name is left out: the host allows no such name',
          'k-twice is left out: its route "twice" is that of j-twice',
          'm-admin is left out: its route "administrators" is that of the host itself',
        ])
        assert.deepEqual(await ask('/api/twice', 'PUT'), ['j-twice', {}])
        assert.deepEqual(await ask('/api/twice'), ['l-twice', {}])
        assert.deepEqual(await ask('/api/administrators'), [404, ''])
        assert.deepEqual(await ask('/api/bad'), [404, ''])
        const names = host.functions.map(({ name }) => name)
        assert.ok(
          names.includes('j-twice') && !names.includes('k-twice') && !names.includes('m-admin'),
        )
      },
    )

    await t.test('the route prefix is that of host.json, or none', async (inner) => {
      for (const [given, path] of [
        ['/v1/x/', '/V1/x/plain'],
        ['', '/plain'],
      ]) {
        const files = { host: { extensions: { http: { routePrefix: given } } } }
        const other = await start(inner, 'http.cjs', { files, functions: ['plain'] })
        assert.equal(await (await fetch(other.host.url + path)).text(), 'plain')
        assert.equal((await fetch(`${other.host.url}/api/plain`)).status, 404)
      }
    })

    await t.test('what is registered can be listed', () => {
      const listed = host.functions.find(({ name }) => name === 'h-off')
      const expected = { type: 'httpTrigger', route: 'off/{id}', methods: ['GET', 'POST'] }
      assert.partialDeepStrictEqual(listed, { authLevel: 'anonymous', disabled: true, ...expected })
    })
  })

  test('starting and stopping', async (t) => {
    await t.test('a fault of the app rejects the start, in one clear line', async (inner) => {
      const faults: [string, RegExp][] = [
        ['throws', /^the entry point throws$/],
        ['twice', /^function "Twin" is registered twice$/],
        ['appStart', /^the setting X is missing$/],
        ['nothing', /^the app registers no function$/],
        ['output', /^function "sender": .*binding \(queue\)$/],
        ['returned', /^function "sender": .*output binding \(queue\)$/],
        ['trigger', /^function "blobs": .*blobTrigger$/],
        ['retry', /^function "again": .*retry policy$/],
        ['hook', /no hook "log"/],
        ['constraint', /no constraint "colour" .*x\/\{id:colour\}/],
        ['route', /cannot read \{id=5\} in the route "\/api\/x\/\{id=5\}"/],
        ['connection', /^function "unconnected": the setting HOST_TEST_NO_SUCH_SETTING .*missing$/],
        ['queueName', /^function "unnamed": the setting HOST_TEST_NO_NAME .*missing$/],
        ['schedule', /^function "odd": "\* \* \* \* \*" is neither a TimeSpan nor six fields$/],
        ['field', /^function "odd": "24" is not a field of a schedule \(0 to 23\)$/],
        ['never', /^function "odd": the schedule "0 0 0 31 2 \*" never comes$/],
      ]
      for (const [fault, message] of faults) {
        process.env['HOST_TEST_FAULT'] = fault
        await assert.rejects(start(inner, 'faults.cjs'), (error) => {
          assert.ok(error instanceof Error)
          assert.match(error.message, message)
          return true
        })
      }
    })

    await t.test(
      'a missing bundle, an unknown function and a taken port are named',
      async (inner) => {
        await assert.rejects(
          start(inner, 'absent.cjs'),
          /absent\.cjs is missing: run `npm run build` first$/,
        )
        await assert.rejects(
          start(inner, 'http.cjs', { functions: ['plain', 'plane'] }),
          /^Error: there is no function "plane" \(there are: .*plain/,
        )
        const { host } = await start(inner, 'http.cjs', { functions: ['plain'] })
        await assert.rejects(
          start(inner, 'http.cjs', { port: host.port }),
          new RegExp(`port ${host.port} `),
        )
      },
    )

    await t.test('a bad host.json stops the start', (inner) => {
      const read = (host: object | string) => () =>
        readHostSettings(makeApp(inner, 'http.cjs', { host }))
      const queues = (settings: object) => read({ extensions: { queues: settings } })
      assert.throws(read('{'), /host\.json cannot be read as JSON/)
      assert.throws(queues({ batchSize: 33 }), /queues\.batchSize is "33", not 1 to 32$/)
      assert.throws(
        queues({ maxPollingInterval: '00:00:00.05' }),
        /maxPollingInterval is "00:00:00\.05"/,
      )
      assert.throws(queues({ visibilityTimeout: '30' }), /visibilityTimeout is "30"/)
    })

    await t.test(
      'settings have the defaults of the host; the environment overrides host.json',
      (inner) => {
        const defaults = {
          batchSize: 16,
          newBatchThreshold: 8,
          maxDequeueCount: 5,
          maxPollingMs: 2000,
          visibilitySeconds: 0,
          base64: true,
        }
        assert.deepEqual(readHostSettings(makeApp(inner, 'http.cjs')), {
          routePrefix: 'api',
          queues: defaults,
        })
        const host = { Extensions: { queues: { batchsize: 4, visibilityTimeout: '1.01:00:30' } } }
        const folder = makeApp(inner, 'http.cjs', { host })
        const name = 'AzureFunctionsJobHost__extensions__queues__'
        process.env[`${name}maxPollingInterval`] = '00:00:00.100'
        process.env[`${name.toUpperCase()}BATCHSIZE`] = '2'
        const { queues } = readHostSettings(folder)
        delete process.env[`${name}maxPollingInterval`]
        delete process.env[`${name.toUpperCase()}BATCHSIZE`]
        const overridden = { batchSize: 2, newBatchThreshold: 1, maxPollingMs: 100 }
        assert.deepEqual(queues, { ...defaults, ...overridden, visibilitySeconds: 90_030 })
      },
    )

    await t.test('only the functions asked for run', async (inner) => {
      const { host } = await start(inner, 'http.cjs', { functions: ['PLAIN'] })
      assert.deepEqual(
        host.functions.map(({ name }) => name),
        ['plain'],
      )
      assert.equal((await fetch(`${host.url}/api/things/x`)).status, 404)
    })

    await t.test('two hosts in one process share nothing, ES modules included', async (inner) => {
      const files = { package: { type: 'module' } }
      const [one, two] = await Promise.all([
        start(inner, 'modules/{first.js,second.mts}', { files }),
        start(inner, 'modules/{first.js,second.mts}', { files }),
      ])
      const get = async (at: typeof one, path: string) =>
        (await fetch(`${at.host.url}/api/${path}`)).text()
      assert.equal(await get(one, 'first'), 'first 1')
      assert.equal(await get(one, 'second'), 'second 2')
      assert.equal(await get(two, 'second'), 'second 1')
    })

    await t.test('stop waits for requests under way, and takes no new ones', async (inner) => {
      const { host, lines } = await start(inner, 'http.cjs', { functions: ['slow'] })
      const answer = fetch(`${host.url}/api/slow?ms=400`)
      await until('its start', () => lines.some((line) => line.endsWith('begun')))
      await Promise.all([host.stop(), host.stop()])
      assert.equal(await (await answer).text(), 'slow 1')
      await assert.rejects(fetch(`${host.url}/api/slow`))
    })

    await t.test('stop does not wait for ever', async (inner) => {
      const options = { functions: ['slow'], stopSeconds: 0.1 }
      const { host, lines } = await start(inner, 'http.cjs', options)
      const answer = fetch(`${host.url}/api/slow?ms=5000`).catch(() => 'cut off')
      await until('its start', () => lines.some((line) => line.endsWith('begun')))
      const begun = Date.now()
      await host.stop()
      assert.ok(Date.now() - begun < 4000, `stop took ${Date.now() - begun} ms`)
      assert.equal(await answer, 'cut off')
    })

    await t.test('it listens on the loopback address only', async (inner) => {
      const { host } = await start(inner, 'http.cjs', { functions: ['plain'] })
      await assert.rejects(once(connect(host.port, '127.0.0.2'), 'connect'))
    })
  })

  test('timers, hooks and runs by hand', async (t) => {
    const printed = t.mock.method(console, 'log', () => undefined)
    const { host, lines, entries } = await start(t, 'timers.cjs')
    const admin = (name: string, body: string) =>
      fetch(`${host.url}/admin/functions/${name}`, { method: 'POST', body })

    await t.test('a timer runs by its schedule, and never twice at once', async () => {
      const [first, second] = await until(
        'two runs',
        () => entries('every-second')[1] && entries('every-second'),
      )
      assert.partialDeepStrictEqual(first, {
        timer: {
          isPastDue: false,
          schedule: { adjustForDST: true },
          scheduleStatus: { last: '0001-01-01T00:00:00+00:00' },
        },
        running: 1,
      })
      assert.equal(second?.['running'], 1)
      assert.ok(Number(second?.['at']) - Number(first?.['at']) >= 1300, 'a run lasts 1.3 s')
      const { last, next } = Object(second?.['timer']).scheduleStatus
      assert.match(next, /:\d\d\.000Z$/)
      assert.ok(Math.abs(Date.parse(last) - Number(first?.['at'])) < 1000)
    })

    await t.test('runOnStartup runs at once; a disabled timer does not run', () => {
      assert.ok(lines.includes('[warning] Function.at-once.User: started'))
      assert.ok(!lines.some((line) => line.includes('by hand')))
    })

    await t.test('debug and trace lines are dropped, as at the default level', () => {
      assert.ok(!lines.some((line) => line.includes('not shown')))
    })

    await t.test(
      'a call by hand is 202 at once, 404 for an unknown name, 400 without JSON',
      async () => {
        assert.equal((await admin('NEVER-ON', '{}')).status, 202)
        await until('the run', () =>
          lines.includes('[information] Function.never-on.User: by hand'),
        )
        assert.equal((await admin('unknown', '{}')).status, 404)
        assert.equal((await admin('never-on', '')).status, 400)
        assert.equal((await fetch(`${host.url}/admin/functions/never-on`)).status, 404)
      },
    )

    await t.test('trigger() ends with the run, and rejects with what it throws', async () => {
      const before = lines.length
      await host.trigger('never-on')
      assert.ok(lines.slice(before).includes('[information] Function.never-on.User: by hand'))
      await assert.rejects(host.trigger('failing'), /seen: timer failed/)
      assert.ok(
        lines.some((line) =>
          line.startsWith('[error] Function.failing: Error: seen: timer failed'),
        ),
      )
      await assert.rejects(host.trigger('hooked'), /no timer or queue function "hooked"/)
    })

    await t.test('hooks see and replace inputs, results and errors', async () => {
      const answer = await fetch(`${host.url}/api/hooked`, { method: 'POST', body: 'x' })
      assert.equal(await answer.text(), 'replaced input, replaced result')
      assert.ok(lines.includes('[information] Function.hooked.User: from the hook'))
      assert.ok(!lines.some((line) => line.includes('Unexpected call')))
    })

    await t.test('after the start nothing can be registered or set up', async () => {
      const [registered, setUp] = Object(await (await fetch(`${host.url}/api/late`)).json())
      assert.match(registered, /can only be registered during app startup/)
      assert.match(setUp, /can't be changed after app startup/)
    })

    await t.test(
      'stop waits for a run by hand; appTerminate comes last, with the data of appStart',
      async () => {
        let ended = false
        const byHand = host.trigger('every-second').then(() => (ended = true))
        await host.stop()
        assert.ok(ended)
        await byHand
        const calls = printed.mock.calls.map((call) => String(call.arguments[0]))
        assert.deepEqual(calls, ['hook appTerminate started'])
      },
    )
  })

  test('polls that find nothing come ever more rarely, up to maxPollingInterval', () => {
    const { next, reset } = backoff(1000)
    for (const expected of [100, 200, 300, 500, 900]) {
      const wait = next()
      const chance = expected === 100 ? 0 : (expected - 100) * 0.2
      assert.ok(wait >= expected - chance && wait <= expected + chance, `${wait} for ${expected}`)
    }
    assert.deepEqual([next(), next()], [1000, 1000])
    reset()
    assert.equal(next(), 100)
  })

  test('schedules give the next time in UTC', () => {
    const expected: [string, string, string][] = [
      ['* * * * * *', '2026-11-24T13:00:00.400Z', '2026-11-24T13:00:01Z'],
      ['*/30 * * * * *', '2026-11-24T13:00:30Z', '2026-11-24T13:01:00Z'],
      ['0 */15 9-17 * * 1-5', '2026-11-27T17:45:00Z', '2026-11-30T09:00:00Z'],
      ['5,10 0 0 1 JAN,Jul *', '2026-11-24T13:00:00Z', '2027-01-01T00:00:05Z'],
      ['0 0 0 29 2 *', '2096-03-01T00:00:00Z', '2104-02-29T00:00:00Z'],
      ['0 0 12 13 * Fri', '2026-11-24T00:00:00Z', '2027-08-13T12:00:00Z'],
      ['0 50/5 23 31 12 *', '2026-12-31T23:50:00Z', '2026-12-31T23:55:00Z'],
      ['0 1-10/4 * * * *', '2026-11-24T13:05:00Z', '2026-11-24T13:09:00Z'],
      ['00:00:30', '2026-11-24T13:00:00Z', '2026-11-24T13:00:30Z'],
    ]
    for (const [schedule, after, next] of expected)
      assert.deepEqual(parseSchedule(schedule)(new Date(after)), new Date(next), schedule)
    for (const bad of [
      '0 0 0 0 * *',
      '60 * * * * *',
      '* * * * * 7',
      '*/0 * * * * *',
      '5-1 * * * * *',
      'x * * * * *',
    ])
      assert.throws(() => parseSchedule(bad), /is not a field/, bad)
  })

  test('queues', async (t) => {
    const azurite = await startAzurite()
    t.after(azurite.stop)
    const queueOf = (name: string) => azurite.service.getQueueClient(name)
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
    const send = (name: string, value: unknown) => queueOf(name).sendMessage(encode(value))
    const textsOf = async (name: string) => {
      const { peekedMessageItems } = await queueOf(name).peekMessages({ numberOfMessages: 32 })
      return peekedMessageItems.map(({ messageText }) => messageText).toSorted()
    }
    const existing = ['work', 'binary', 'bad-poison', 'crowd', 'late', 'off'].map(
      (name) => `q-${name}`,
    )
    await Promise.all(
      [...existing, 'p-work', 'd-work', 'i-work'].map((name) => queueOf(name).create()),
    )
    await send('q-late', 'seen three times')
    for (let times = 0; times < 3; times += 1) {
      const [message] = (await queueOf('q-late').receiveMessages()).receivedMessageItems
      assert.ok(message)
      await queueOf('q-late').updateMessage(message.messageId, message.popReceipt, undefined, 0)
    }

    const queues = {
      batchSize: 4,
      newBatchThreshold: 2,
      maxDequeueCount: 3,
      visibilityTimeout: '00:00:01',
      maxPollingInterval: '00:00:00.1',
    }
    const options = { files: { host: { extensions: { queues } } }, leaseSeconds: 2 }
    const startAt = (port: number, prefix: string, functions?: string[]) => {
      process.env['HOST_TEST_QUEUES'] = connectionString(port)
      process.env['HOST_TEST_PREFIX'] = prefix
      return start(t, 'queues.cjs', { ...options, ...(functions && { functions }) })
    }
    const proxy = await startProxy(t, azurite.port)
    await proxy.up()
    const proxied = await startAt(proxy.port, 'p', ['work'])
    const idle = await startProxy(t, azurite.port)
    await idle.up()
    process.env['HOST_TEST_QUEUES'] = connectionString(idle.port)
    process.env['HOST_TEST_PREFIX'] = 'i'
    const unencoded = { host: { extensions: { queues: { messageEncoding: 'none' } } } }
    const slow = await start(t, 'queues.cjs', { files: unencoded, functions: ['work'] })
    process.env['HOST_TEST_QUEUES__queueServiceUri'] = azurite.service.url
    process.env['HOST_TEST_QUEUES'] = ''
    const identified = await start(t, 'queues.cjs', { functions: ['work'] })
    const { host, lines, entries } = await startAt(azurite.port, 'q')
    const runsOf = (name: string, mark: string, log = entries) =>
      log(name).filter(({ item, kind }) => kind && Object(item).mark === mark)
    const ended = (name: string, mark: string, log = entries) =>
      until(`the end of ${mark}`, () => log(name).some(({ done }) => Object(done).mark === mark))

    await Promise.all([
      t.test('a text arrives as the JSON it is, or as it is', async () => {
        const texts = ['123', '"x"', 'true', 'null', '12345678901234567890', 'plain text', '']
        for (const text of texts)
          await queueOf('q-work').sendMessage(Buffer.from(text).toString('base64'))
        const scalars = () =>
          entries('work').filter(({ kind, item }) => kind && Object(item) !== item)
        const seen = await until('all texts', () => scalars()[texts.length - 1] && scalars())
        assert.deepEqual(
          seen.map(({ kind, item }) => `${String(kind)} ${JSON.stringify(item)}`).toSorted(),
          [
            'boolean true',
            'number 123',
            'number 12345678901234567000',
            'object null',
            'string ""',
            'string "plain text"',
            'string "x"',
          ],
        )
      }),

      t.test('triggerMetadata is of the message, then of the members of its payload', async () => {
        await send('q-work', { mark: 'plain', Nested: { Key: 1 } })
        const payload = {
          id: 7,
          DEQUEUECOUNT: 9,
          Big: true,
          half: 1.5,
          list: [1],
          nothing: null,
          Obj: { A: 1 },
        }
        const times = {
          when: '2024-01-02T03:04:05.6Z',
          shifted: '2024-01-02T03:04:05+02:00',
          local: '2024-01-02T03:04:05',
        }
        await send('q-work', { mark: 'mixed', ...payload, ...times })
        await Promise.all([ended('work', 'plain'), ended('work', 'mixed')])
        const plain = Object(runsOf('work', 'plain')[0]?.['metadata'])
        assert.equal(plain.dequeueCount, 1)
        assert.match(plain.id, /^[0-9a-f-]{36}$/)
        assert.ok(plain.popReceipt)
        assert.deepEqual(plain.queueTrigger, { mark: 'plain', nested: { key: 1 } })
        for (const name of ['insertionTime', 'nextVisibleTime', 'expirationTime'])
          assert.match(plain[name], /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
        const {
          insertionTime,
          expirationTime,
          nextVisibleTime,
          popReceipt,
          queueTrigger,
          ...mixed
        } = Object(runsOf('work', 'mixed')[0]?.['metadata'])
        assert.ok(
          insertionTime &&
            expirationTime &&
            nextVisibleTime &&
            popReceipt &&
            queueTrigger.big === true,
        )
        assert.deepEqual(mixed, {
          mark: 'mixed',
          id: 7,
          dequeueCount: 9,
          big: 'True',
          half: 1.5,
          obj: { a: 1 },
          when: '01/02/2024 03:04:05',
          shifted: '01/02/2024 01:04:05',
          local: '01/02/2024 03:04:05',
        })
      }),

      t.test(
        'a failed message comes again after visibilityTimeout, as a new invocation',
        async () => {
          await send('q-work', { mark: 'again', failures: 1 })
          await ended('work', 'again')
          const [first, second, ...more] = runsOf('work', 'again')
          assert.deepEqual(more, [])
          assert.ok(Number(second?.['at']) - Number(first?.['at']) >= 1000)
          assert.deepEqual(
            [first, second].map((run) => Object(run?.['metadata']).dequeueCount),
            [1, 2],
          )
          assert.notEqual(first?.['invocationId'], second?.['invocationId'])
          assert.ok(
            lines.some((line) => line.startsWith('[error] Function.work: Error: failure 1')),
          )
        },
      ),

      t.test(
        'after maxDequeueCount a message goes to the poison queue, its text unchanged',
        async () => {
          await send('q-work', { mark: 'poison', failures: 9 })
          const poison = queueOf('q-work-poison')
          const peek = () => poison.peekMessages().catch(() => undefined)
          const found = await until('poison', async () => (await peek())?.peekedMessageItems[0])
          assert.equal(found.messageText, encode({ mark: 'poison', failures: 9 }))
          assert.equal(Math.round((Number(found.expiresOn) - Date.now()) / 86_400_000), 7)
          assert.equal(runsOf('work', 'poison').length, 3)
          assert.ok(lines.some((line) => line.endsWith('(dequeued 3 times) goes to q-work-poison')))
        },
      ),

      t.test(
        'what is over the limit or not base64 is poison unseen; other than UTF-8 fails',
        async () => {
          const bytes = Buffer.from([0xff, 0xfe]).toString('base64')
          await queueOf('q-late').sendMessage('not base64!')
          await queueOf('q-late').sendMessage('abcde')
          await queueOf('q-late').sendMessage(bytes)
          const poison = () => textsOf('q-late-poison').catch(() => [])
          const found = await until(
            'four poison messages',
            async () => (await poison())[3] && poison(),
          )
          assert.deepEqual(
            found,
            [encode('seen three times'), 'not base64!', 'abcde', bytes].toSorted(),
          )
          assert.deepEqual(entries('late'), [])
          assert.equal(
            lines.filter((line) => /Function\.late: .* is not UTF-8/.test(line)).length,
            3,
          )
        },
      ),

      t.test(
        'a poison queue has none of its own: what fails stays hidden for its lease',
        async () => {
          await send('q-bad-poison', { mark: 'bad', failures: 1 })
          await ended('bad', 'bad')
          const [first, second] = runsOf('bad', 'bad')
          const gap = Number(second?.['at']) - Number(first?.['at'])
          assert.ok(gap >= 1500, `it came after ${gap} ms; the lease is 2 s, visibilityTimeout 1 s`)
          assert.equal(await queueOf('q-bad-poison-poison').exists(), false)
        },
      ),

      t.test('a lease is renewed: a handler that runs longer than it runs once', async () => {
        await send('q-work', { mark: 'long', sleep: 4500 })
        await ended('work', 'long')
        assert.equal(runsOf('work', 'long').length, 1)
      }),

      t.test('dataType binary gives the bytes', async () => {
        await queueOf('q-binary').sendMessage(Buffer.from([0, 255]).toString('base64'))
        const [run] = await until('the bytes', () => entries('binary')[0] && entries('binary'))
        assert.partialDeepStrictEqual(run, { kind: 'buffer', item: { data: [0, 255] } })
        assert.equal(Object(run?.['metadata']).queueTrigger, undefined)
      }),

      t.test('at most newBatchThreshold + batchSize messages are in hand', async () => {
        const sent = Array.from({ length: 20 }, () => send('q-crowd', { sleep: 150 }))
        await Promise.all(sent)
        const done = () => entries('crowd').filter(({ most }) => most)
        const most = Number(await until('twenty ends', () => done()[19]?.['most']))
        assert.ok(most <= 6 && most > 2, `${most} at once`)
      }),

      t.test('a disabled function does not listen, but runs by hand', async () => {
        await send('q-off', { mark: 'untouched' })
        await host.trigger('off', JSON.stringify({ mark: 'by hand', failures: -1 }))
        await assert.rejects(host.trigger('off', JSON.stringify({ failures: 0 })), /failure 0/)
        const url = `${host.url}/admin/functions/off`
        const answer = await fetch(url, {
          method: 'POST',
          body: JSON.stringify({ input: '{"mark":"admin"}' }),
        })
        assert.equal(answer.status, 202)
        await ended('off', 'admin')
        const { peekedMessageItems } = await queueOf('q-off').peekMessages()
        assert.deepEqual(
          peekedMessageItems.map(({ dequeueCount }) => dequeueCount),
          [0],
        )
      }),

      t.test('a queue that is missing is waited for, with one line in the log', async () => {
        const mentions = (what: string) =>
          lines.filter((line) => line.includes(`queue q-absent is ${what}`)).length
        await until('the line', () => mentions('missing'))
        await sleep(500)
        assert.equal(mentions('missing'), 1)
        await queueOf('q-absent').create()
        await send('q-absent', { mark: 'at last' })
        await ended('absent', 'at last')
        assert.equal(mentions('there'), 1)
      }),

      t.test(
        'storage may go and come back; stop waits for what runs, and releases the rest',
        async () => {
          const mentions = (what: string) =>
            proxied.lines.filter((line) => line.includes(`queue p-work is ${what}`)).length
          await proxy.down()
          await until('the line', () => mentions('out of reach'))
          await sleep(600)
          assert.equal(mentions('out of reach'), 1)
          await proxy.up()
          await send('p-work', { mark: 'after all' })
          await ended('work', 'after all', proxied.entries)
          assert.equal(mentions('there'), 1)

          await send('p-work', { mark: 'last', sleep: 700 })
          await until('its start', () => runsOf('work', 'last', proxied.entries)[0])
          const letGo = proxy.hold()
          await send('p-work', { mark: 'too late' })
          await until('its lease', async () => (await textsOf('p-work')).length === 0)
          const stopped = proxied.host.stop()
          await sleep(50)
          letGo()
          await stopped
          assert.ok(proxied.entries('work').some(({ done }) => Object(done).mark === 'last'))
          assert.deepEqual(runsOf('work', 'too late', proxied.entries), [])
          const { receivedMessageItems } = await queueOf('p-work').receiveMessages({
            numberOfMessages: 32,
          })
          const left = receivedMessageItems.map(({ messageText, dequeueCount }) => [
            messageText,
            dequeueCount,
          ])
          assert.deepEqual(left, [[encode({ mark: 'too late' }), 2]])
        },
      ),

      t.test(
        'messageEncoding none takes texts as they are; a call that hangs ends after 10 s',
        async () => {
          await queueOf('i-work').sendMessage(JSON.stringify({ mark: 'not encoded' }))
          await ended('work', 'not encoded', slow.entries)
          const letGo = idle.hold()
          const isDown = (line: string) => line.includes('queue i-work is out of reach')
          await until('the line', () => slow.lines.some(isDown), 15)
          letGo()
          await until('the other', () =>
            slow.lines.some((line) => line.includes('i-work is there')),
          )
        },
      ),

      t.test('NAME__queueServiceUri is opened with an identity', async () => {
        const refusal = /queue i-work is out of reach: .*not permitted for non-TLS/
        await until('the refusal', () => identified.lines.some((line) => refusal.test(line)))
      }),

      t.test(
        'an error nobody awaits ends the process; after the lease its message is back',
        async (inner) => {
          const child = startChild(makeApp(inner, 'queues.cjs', options.files), {
            HOST_TEST_QUEUES: connectionString(azurite.port),
            HOST_TEST_PREFIX: 'd',
          })
          await send('d-work', { mark: 'die', die: true })
          const { code, output } = await child
          assert.equal(code, 1)
          const fatal = output.split('\n').filter((line) => line.startsWith('[critical]'))
          assert.equal(fatal.length, 1)
          assert.match(
            fatal[0] ?? '',
            /^\[critical\] Worker: ended by .*: Error: nobody awaits this at .*queues\.cjs/,
          )
          const receive = async () =>
            (await queueOf('d-work').receiveMessages()).receivedMessageItems[0]
          assert.equal(await receive(), undefined)
          assert.equal((await until('the end of the lease', receive)).dequeueCount, 2)
        },
      ),
    ])

    await t.test('what succeeded is deleted, and ran once', async () => {
      assert.equal(runsOf('work', 'long').length, 1)
      for (const name of ['q-work', 'q-bad-poison', 'q-crowd', 'q-late', 'q-absent', 'q-binary'])
        await until(
          `${name} is empty`,
          async () => !(await queueOf(name).getProperties()).approximateMessagesCount,
        )
    })
  })

  test('an app that wants HTTP streaming does not start; onFatal ends the process its way', async (t) => {
    const environment = { HOST_TEST_FAULT: 'stream' }
    const { code, output } = await startChild(makeApp(t, 'faults.cjs'), environment, '7')
    assert.equal(code, 7)
    assert.match(output, /the local host has no HTTP streaming/)
  })
})

/** Runs child.ts to its end. */
async function startChild(folder: string, environment: Record<string, string>, ...more: string[]) {
  const file = new URL('host-app/child.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [file, folder, ...more], {
    env: { ...process.env, ...environment },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (output += String(chunk)))
  const [code] = await once(child, 'close')
  return { code: Number(code), output }
}

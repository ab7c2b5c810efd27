// HTTP functions for the host's tests. `echo` says what it got; `answer` answers as its path says.
const { app } = require('@azure/functions')

app.http('echo', {
  route: 'Echo/{name?}',
  methods: ['GET', 'POST', 'PUT'],
  handler: async (request, context) => ({
    jsonBody: {
      method: request.method,
      url: request.url,
      headers: [...request.headers],
      query: [...request.query],
      params: request.params,
      body: await request.text(),
      trace: context.traceContext,
      metadata: context.triggerMetadata ?? 'none',
    },
  }),
})

const answers = {
  nothing: () => undefined,
  null: () => null,
  empty: () => ({}),
  json: () => ({ jsonBody: { a: 1 } }),
  nulljson: () => ({ jsonBody: null }),
  both: () => ({ body: 'text', jsonBody: 1 }),
  text: () => ({ body: 'blåbær' }),
  object: () => ({ body: {} }),
  bytes: () => ({ body: Buffer.from([0, 255]) }),
  length: () => ({ body: 'four', headers: { 'Content-Length': '4', 'X-Case': 'Kept' } }),
  string: () => 'text',
  status99: () => ({ status: 99 }),
  nobody: () => ({ status: 204, body: 'dropped' }),
  native: () => new Response('native', { status: 202 }),
  throw: () => {
    throw new Error('the secret reason')
  },
  cookie: () => ({ cookies: [{ name: 'a', value: 'b' }] }),
}
app.get('answer', { route: 'answer/{kind}', handler: ({ params }) => answers[params.kind]() })

const named = (route, extra = {}) => ({
  route,
  ...extra,
  handler: ({ params }, context) => ({ jsonBody: [context.functionName, params] }),
})
app.http('plain', { handler: () => ({ body: 'plain' }) })
app.http('B-special', named('things/special', { methods: ['GET', 'DELETE'] }))
app.http('a-item', named('things/{id}', { methods: ['GET'] }))
app.http('c-off', named('off/{id}'))
app.http('d-behind', named('off/x'))
app.http('e-admin', named('administrators'))
app.http('head', { methods: ['HEAD'], handler: () => ({ headers: { x: 'head' } }) })

let slow = 0
app.http('slow', {
  authLevel: 'admin',
  handler: async (request, context) => {
    context.log('begun')
    slow += 1
    await new Promise((resolve) => setTimeout(resolve, Number(request.query.get('ms'))).unref())
    return { body: `slow ${slow}` }
  },
})
app.http('late', {
  handler: () => {
    const faults = [
      () => app.http('more', { handler: () => ({}) }),
      () => app.setup({ enableHttpStream: true }),
    ].map((late) => {
      try {
        return late() ?? 'accepted'
      } catch (error) {
        return error.message
      }
    })
    return { jsonBody: faults }
  },
})
app.hook.appStart((context) => void (context.hookData.started = true))
app.hook.appTerminate(({ hookData }) => console.log('terminated, with', Object.keys(hookData)[0]))

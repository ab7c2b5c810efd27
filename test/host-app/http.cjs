// HTTP functions for host.test.ts. `echo` says what it got; `answer` answers as its path says.
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
  cookies: () => ({
    headers: { 'set-cookie': 'plain=1' },
    cookies: [
      { name: 'a', value: "b c'", maxAge: 3, httpOnly: true, secure: true, sameSite: 'Strict' },
      { name: 'd', value: '', path: '/x', domain: 'example.org', expires: new Date(1e12) },
      { name: 'e', value: '1', sameSite: 'None' },
    ],
  }),
}
app.get('answer', { route: 'answer/{kind}', handler: ({ params }) => answers[params.kind]() })

const named = (route, extra = {}) => ({
  route,
  ...extra,
  handler: ({ params }, context) => ({ jsonBody: [context.functionName, params] }),
})
app.http('plain', { handler: () => ({ body: 'plain' }) })
app.http('a-item', named('things/{id}', { methods: ['GET'] }))
app.http('B-special', named('things/special', { methods: ['GET', 'DELETE'] }))
app.http('c-int', named('typed/{id:int:min(10)}'))
app.http('d-guid', named('typed/{id:guid}'))
app.http('e-alpha', named('typed/{id:alpha:length(2,3)}'))
app.http('f-regex', named('typed/{id:regex(^x/?\\d{{2}}$)}'))
app.http('g-rest', named('files/{kind}.{ext}/{*rest}'))
app.http('h-off', named('off/{id}'))
app.http('i-behind', named('off/x'))
app.http('j-twice', named('TWICE/', { methods: ['POST', 'PUT'] }))
app.http('k-twice', named('twice', { methods: ['get', 'put'] }))
app.http('l-twice', named('twice', { methods: ['get'] }))
app.http('m-admin', named('administrators'))
app.http('n-head', {
  route: 'head',
  methods: ['HEAD'],
  handler: () => ({ headers: { x: 'head' } }),
})
app.http('9-bad-name', named('bad'))

let slow = 0
app.http('slow', {
  authLevel: 'admin',
  handler: async (request, context) => {
    context.log('begun')
    slow += 1
    await new Promise((resolve) => setTimeout(resolve, Number(request.query.get('ms'))))
    return { body: `slow ${slow}` }
  },
})

// Timers and hooks for host.test.ts.
const { app } = require('@azure/functions')
const { setTimeout: sleep } = require('node:timers/promises')

let running = 0
app.timer('every-second', {
  schedule: '%HOST_TEST_SCHEDULE%',
  handler: async (timer, context) => {
    context.log(JSON.stringify({ timer, at: Date.now(), running: (running += 1) }))
    context.debug('not shown')
    context.trace('not shown')
    await sleep(1300)
    running -= 1
  },
})
app.timer('at-once', {
  schedule: '1.00:00:00',
  runOnStartup: true,
  handler: (_timer, context) => context.warn('started'),
})
app.timer('never-on', { schedule: '* * * * * *', handler: (_, context) => context.log('by hand') })
app.timer('failing', {
  schedule: '0 0 0 1 Jan *',
  handler: () => {
    throw new Error('timer failed')
  },
})
app.http('hooked', { methods: ['POST'], handler: async (input) => ({ body: input }) })
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

const lines = (name) => (context) => console.log(`${name} ${Object.keys(context.hookData).join()}`)
app.hook.appStart((context) => void (context.hookData.started = true))
app.hook.appTerminate(lines('hook appTerminate'))
app.hook.preInvocation((context) => {
  if (context.invocationContext.functionName !== 'hooked') return
  context.hookData.pre = true
  context.inputs = ['replaced input']
})
app.hook.postInvocation((context) => {
  const { hookData, result, error, invocationContext } = context
  if (invocationContext.functionName === 'failing')
    context.error = new Error(`seen: ${error.message}`)
  if (hookData.pre) context.result = { body: `${result.body}, replaced result` }
  invocationContext.log('from the hook')
})

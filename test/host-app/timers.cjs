// Timers for the host's tests.
const { app } = require('@azure/functions')
const { setTimeout: sleep } = require('node:timers/promises')

let running = 0
app.timer('every-second', {
  schedule: '* * * * * *',
  handler: async (timer, context) => {
    context.log(JSON.stringify({ timer, at: Date.now(), running: (running += 1) }))
    context.debug('not shown')
    context.trace('not shown')
    await sleep(1300)
    running -= 1
    context.warn('done')
  },
})
app.timer('never-on', {
  schedule: '* * * * * *',
  handler: async (_, context) => {
    context.log('by hand')
    await sleep(1000)
    context.log('by hand, done')
  },
})
app.timer('failing', {
  schedule: '0 0 0 1 1 *',
  handler: () => {
    throw new Error('timer failed')
  },
})
app.http('not-a-timer', { handler: () => ({}) })

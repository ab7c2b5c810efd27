// An app with the fault that HOST_TEST_FAULT names, for the host's tests.
const { app, output } = require('@azure/functions')

const handler = () => undefined
const connection = 'HOST_TEST_NO_SUCH_SETTING'
const schedule = '* * * * * *'
const retry = { strategy: 'fixedDelay', maxRetryCount: 2, delayInterval: 1000 }
const queue = output.storageQueue({ queueName: 'q', connection })

// What cannot be registered. All are tried, and reported together.
const refused = [
  () => app.http('Twin', { handler }),
  () => app.http('9-bad-name', { handler }),
  () => app.http('host', { handler }),
  () => app.storageBlob('blobs', { path: 'a/{b}', connection, handler }),
  () => app.http('sender', { extraOutputs: [queue], handler }),
  () => app.timer('returner', { schedule, return: queue, handler }),
  () => app.timer('again', { schedule, retry, handler }),
  () => app.timer('early', { schedule, runOnStartup: true, handler }),
  () => app.hook.preInvocation(() => undefined),
]
const faults = {
  registered: () => {
    app.http('twin', { handler })
    throw new Error(refused.map(messageOf).join('\n'))
  },
  stream: () => {
    app.setup({ enableHttpStream: true })
    app.http('streamed', { handler })
  },
}
function messageOf(register) {
  try {
    return register()
  } catch (error) {
    return error.message
  }
}
faults[process.env.HOST_TEST_FAULT]()

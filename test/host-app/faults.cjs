// An app with the fault that HOST_TEST_FAULT names, for host.test.ts.
const { app, output } = require('@azure/functions')

const handler = () => undefined
const connection = 'HOST_TEST_NO_SUCH_SETTING'
const faults = {
  throws: () => {
    throw new Error('the entry point throws')
  },
  twice: () => {
    app.http('twin', { handler })
    app.http('Twin', { handler })
  },
  appStart: () => {
    app.http('fine', { handler })
    app.hook.appStart(() => Promise.reject(new Error('the setting X is missing')))
  },
  nothing: () => {},
  output: () =>
    app.http('sender', {
      extraOutputs: [output.storageQueue({ queueName: 'q', connection })],
      handler,
    }),
  returned: () =>
    app.timer('sender', {
      schedule: '* * * * * *',
      return: output.storageQueue({ queueName: 'q', connection }),
      handler,
    }),
  trigger: () => app.storageBlob('blobs', { path: 'a/{b}', connection, handler }),
  retry: () =>
    app.timer('again', {
      schedule: '* * * * * *',
      retry: { strategy: 'fixedDelay', maxRetryCount: 2, delayInterval: 1000 },
      handler,
    }),
  stream: () => {
    app.setup({ enableHttpStream: true })
    app.http('streamed', { handler })
  },
  hook: () => {
    app.http('fine', { handler })
    app.hook.log(() => undefined)
  },
  constraint: () => app.http('typed', { route: 'x/{id:colour}', handler }),
  route: () => app.http('odd', { route: 'x/{id=5}', handler }),
  connection: () => app.storageQueue('unconnected', { queueName: 'q', connection, handler }),
  queueName: () =>
    app.storageQueue('unnamed', { queueName: '%HOST_TEST_NO_NAME%', connection, handler }),
  schedule: () => app.timer('odd', { schedule: '* * * * *', handler }),
  field: () => app.timer('odd', { schedule: '0 0 24 * * *', handler }),
  never: () => app.timer('odd', { schedule: '0 0 0 31 2 *', handler }),
}
faults[process.env.HOST_TEST_FAULT]()

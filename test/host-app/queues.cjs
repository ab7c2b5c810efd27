// Queue functions for the host's tests: they log what they got, then do as the message says.
const { app } = require('@azure/functions')
const { setTimeout: sleep } = require('node:timers/promises')

const tries = new Map()
let crowd = 0
let most = 0

async function handle(item, context) {
  if (context.functionName === 'crowd') most = Math.max(most, (crowd += 1))
  const { triggerMetadata: metadata, invocationId } = context
  const kind = Buffer.isBuffer(item) ? 'buffer' : typeof item
  context.log(JSON.stringify({ kind, item, metadata, invocationId, at: Date.now() }))
  const times = (tries.get(item?.mark) ?? 0) + 1
  tries.set(item?.mark, times)
  try {
    if (item?.sleep) await sleep(item.sleep)
    if (item?.die) void Promise.reject(new Error('nobody awaits this'))
    if (item?.die) await sleep(5000)
    if (item?.failures >= times) throw new Error(`failure ${times}`)
    context.log(JSON.stringify({ done: item, most }))
  } finally {
    if (context.functionName === 'crowd') crowd -= 1
  }
}

const queue = (name, queueName = name, extra = {}) =>
  app.storageQueue(name, { queueName, connection: 'HOST_TEST_QUEUES', handler: handle, ...extra })
queue('work')
queue('binary', 'binary', { dataType: 'binary' })
queue('bad', 'bad-poison')
queue('crowd')
queue('late', 'LATE')
queue('absent')
queue('off')

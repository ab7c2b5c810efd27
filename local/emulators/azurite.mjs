/* oxlint-disable no-underscore-dangle -- Module._load is Node's */
/**
 * Azurite's queue and blob services in one process, in memory, on the loopback interface:
 * `node azurite.mjs QUEUE_PORT BLOB_PORT`. Blob is there for the Functions host, whose timers
 * keep their state in it.
 */
import { createHmac, createSecretKey } from 'node:crypto'
import Module, { createRequire } from 'node:module'
import { announce, endWithParent, fail } from './child-protocol.ts'
import { replaceMessageStore } from './azurite-queue-store.mjs'

endWithParent()
process.noDeprecation = true // Azurite's own: it loads punycode

// Azurite's telemetry, which is switched off below, loads 250 packages: 0.3 s and 50 MB. And it parses the paths that it
// knows for each request anew: kept, with the keys below, they make a request cheaper by a sixth.
const load = Module._load
Module._load = (id, ...rest) => {
  if (id === 'applicationinsights') return {}
  const loaded = load(id, ...rest)
  return id === 'uri-templates' ? remembered(loaded) : loaded
}

const require = createRequire(import.meta.url)
const { default: BlobConfiguration } = require('azurite/dist/src/blob/BlobConfiguration.js')
const { default: BlobServer } = require('azurite/dist/src/blob/BlobServer.js')
const { default: QueueConfiguration } = require('azurite/dist/src/queue/QueueConfiguration.js')
const { default: QueueServer } = require('azurite/dist/src/queue/QueueServer.js')
const { default: AccountDataStore } = require('azurite/dist/src/common/AccountDataStore.js')
const { AzuriteTelemetryClient } = require('azurite/dist/src/common/Telemetry.js')

// For a secret in bytes Node.js makes a key object each time.
const utils = require('azurite/dist/src/common/utils/utils.js')
const keyOf = remembered((base64) => createSecretKey(base64, 'base64'))
utils.computeHMACSHA256 = (text, secret) =>
  createHmac('sha256', keyOf(secret.toString('base64')))
    .update(text, 'utf8')
    .digest('base64')

// Any account name is accepted with the published key: each test file has queues of its own.
const { getAccount } = AccountDataStore.prototype
AccountDataStore.prototype.getAccount = function (name) {
  return { ...getAccount.call(this, 'devstoreaccount1'), name }
}

/** What `--inMemoryPersistence --skipApiVersionCheck --silent` amount to. */
function configuration(Configuration, port) {
  return Object.assign(new Configuration(), {
    host: '127.0.0.1',
    port,
    keepAliveTimeout: 3600, // Azurite's 5 s close sockets just as a client uses them again
    isMemoryPersistence: true,
    metadataDBPath: 'none', // a file of Azurite's usual name would be looked into
    extentDBPath: 'none',
    skipApiVersionCheck: true,
    enableAccessLog: false,
    enableDebugLog: false,
  })
}

/** The same function of a text, which makes the result for each once. */
function remembered(make) {
  const made = new Map()
  return (text) => {
    const result = made.get(text) ?? make(text)
    made.set(text, result)
    return result
  }
}

function portOf(server) {
  return Number(new URL(server.getHttpServerAddress()).port)
}

try {
  const [queuePort, blobPort] = process.argv.slice(2).map(Number)
  AzuriteTelemetryClient.init('', false)
  const queue = new QueueServer(configuration(QueueConfiguration, queuePort))
  replaceMessageStore(queue)
  const blob = new BlobServer(configuration(BlobConfiguration, blobPort))
  await Promise.all([queue.start(), blob.start()])
  announce({ queue: portOf(queue), blob: portOf(blob) })
} catch (error) {
  fail(error)
}

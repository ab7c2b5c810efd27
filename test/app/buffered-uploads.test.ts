import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientHeaders, exampleEvent } from '../../local/example.ts'
import { upload, type Send } from '../attacks/upload.ts'
import { tokensOf } from '../support/app.ts'
import { deployedUrl, eventually } from '../support/stores.ts'
import { useApp } from '../support/share.ts'

const LENGTH = 1_000_000
const ROOM = 16 // shared/services.ts: 16 MB
const BEYOND = 4

const startShared = useApp({ functions: ['publish-event'] })
const skip = deployedUrl !== undefined && 'an instance must be its own'

test(
  'large bodies that stall keep no small one out; beyond 16 MB they get a 503',
  { skip },
  async (t) => {
    const { app } = await startShared()
    const signed = clientHeaders(...(await tokensOf('ttd', 'apps-test')))
    const over = Promise.withResolvers<undefined>()
    t.after(() => over.resolve(undefined))
    const answers: string[] = []
    const stall: Send = async ({ write, socket }) => {
      write(' '.repeat(20_000))
      socket.once('data', (answer) => answers.push(String(answer)))
      return over.promise.then(() => 'stalled')
    }
    const uploads = Array.from({ length: ROOM + BEYOND }, () =>
      upload(`${app.api}/app`, signed, LENGTH, stall),
    )
    await eventually('the answers to what has no room', () => answers.length === BEYOND, 20)
    assert.equal((await app.publish()).status, 201)
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 503 .*retry-after: 5\r\n/is)
    over.resolve(undefined)
    await Promise.all(uploads)
    const large = { ...exampleEvent, data: 'x'.repeat(900_000) }
    assert.equal((await app.publish(large)).status, 201, 'those that have ended hold nothing')
  },
)

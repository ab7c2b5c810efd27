import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createByteLimit } from '../../shared/byte-limit.ts'
import type { Clock } from '../../shared/clock.ts'
import { withUpload, type HoldUpload } from '../../shared/flows/hold-upload.ts'
import { Problem } from '../../shared/http/problem.ts'

const BODY = 100_000

/** Uploads of which one has room, and a clock whose time limits end when `endWaits` is called. */
function startUploads() {
  const ends: (() => void)[] = []
  const clock: Clock = {
    now: () => 0,
    timeout() {
      const { promise, resolve } = Promise.withResolvers<void>()
      ends.push(resolve)
      return { ended: promise, cancel: () => {} }
    },
  }
  const services = { uploads: createByteLimit(BODY), clock }
  return { services, endWaits: () => ends.forEach((end) => end()) }
}

/** An upload that holds its body until `end`. */
function startUpload({ services }: ReturnType<typeof startUploads>) {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const done = withUpload(services.uploads, services.clock, async (hold: HoldUpload) => {
    await hold(BODY).then(held.resolve, held.reject)
    await ended
  })
  return { held: held.promise, end, done }
}

test('an upload waits until another one has ended', async () => {
  const uploads = startUploads()
  const first = startUpload(uploads)
  await first.held
  const second = startUpload(uploads)
  first.end()
  await first.done
  await second.held
  second.end()
  await second.done
  assert.ok(uploads.services.uploads.tryAcquire(BODY))
})

test('an upload that waits for too long ends with a 503, to be tried again', async () => {
  const uploads = startUploads()
  const first = startUpload(uploads)
  await first.held
  const refused = withUpload(uploads.services.uploads, uploads.services.clock, (hold) => hold(BODY))
  uploads.endWaits()
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof Problem)
    assert.equal(error.status, 503)
    return true
  })
  first.end()
  await first.done
  assert.ok(uploads.services.uploads.tryAcquire(BODY))
})

test('a failed upload releases its bytes, also those that it is given after its end', async () => {
  const uploads = startUploads()
  const first = startUpload(uploads)
  await first.held
  let holding = Promise.resolve()
  const failed = withUpload(uploads.services.uploads, uploads.services.clock, (hold) => {
    holding = hold(BODY)
    return Promise.reject(new Error('late'))
  })
  await assert.rejects(failed, /late/)
  first.end()
  await first.done
  await holding
  assert.ok(uploads.services.uploads.tryAcquire(BODY))
})

import { after } from 'node:test'
import { startReceiver } from '../../local/receiver.ts'
import { startApp, type AppOptions } from './app.ts'
import { createTestStores } from './stores.ts'

/**
 * What several test files of a process use, one after the other: `start` runs once, for the first of them, its `leave` after
 * each, before the next begins, and its `stop` after the last. Each calls the function that this returns as it is loaded,
 * which gives it one for its `before`.
 */
export function share<T extends { stop: () => Promise<unknown>; leave?: () => unknown }>(
  start: () => Promise<T>,
) {
  let users = 0
  let started: Promise<T> | undefined
  let last: Promise<void> = Promise.resolve()
  return () => {
    users++
    const before = last
    const { promise, resolve: end } = Promise.withResolvers<void>()
    last = promise
    after(async () => {
      users--
      try {
        const used = await started
        await (users === 0 ? used?.stop() : used?.leave?.())
      } finally {
        end()
      }
    })
    return async () => {
      await before
      return (started ??= start())
    }
  }
}

async function startAppWithStores(options: AppOptions) {
  const [stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  const app = await startApp(stores, options)
  return { stores, receiver, app, stop: () => Promise.all([app.stop(), receiver.stop()]) }
}

const shared = new Map<
  string,
  ReturnType<typeof share<Awaited<ReturnType<typeof startAppWithStores>>>>
>()

/**
 * An app with its stores and a receiver, shared by the files of a process that ask for the same options: each start takes 1.5 s
 * of a processor, the emulators' part included. What else is in the stores must not matter to a test: see `createOwnApp`.
 */
export function useApp(options: AppOptions = {}) {
  const key = JSON.stringify(options)
  const use = shared.get(key) ?? share(() => startAppWithStores(options))
  shared.set(key, use)
  return use()
}

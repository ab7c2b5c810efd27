// For `node --import`: the test runner notes for each promise of which test it is, which took a third of the processor time
// of tests that make many. It needs that only to name the test of an error that nobody catches: timers and sockets, which it
// still follows, tell it as well.
import asyncHooks from 'node:async_hooks'

const { createHook } = asyncHooks
asyncHooks.createHook = (callbacks) => createHook({ ...callbacks, trackPromises: false })

import type { Child } from '../support/child.ts'
import { sliceOf, type Limits } from '../support/interval.ts'
import type { Stores } from '../support/stores.ts'

/** One of those that are compared: `worker` makes the SDK calls, `driver` the load (it may be the same process). */
export interface Side {
  worker: Child
  driver: Child
  stores: Stores
}
export type Measurement = Awaited<ReturnType<typeof measure>>

/** A slice of load on empty stores, and the processor time per call (in µs) of the worker and the driver. */
export async function measure({ worker, driver, stores }: Side, limits: Limits) {
  await stores.empty()
  const [worked, drove] = [await worker.usage(), await driver.usage()]
  const { calls, seconds, ...percentiles } = sliceOf(await driver.ask(limits))
  const [working, driving] = [await worker.usage(), await driver.usage()]
  await stores.mustHold(calls)
  return {
    calls,
    perSecond: calls / seconds,
    ...percentiles,
    cpu: (working.cpuMicroseconds - worked.cpuMicroseconds) / calls,
    driverCpu: (driving.cpuMicroseconds - drove.cpuMicroseconds) / calls,
    resident: working.rssBytes,
  }
}

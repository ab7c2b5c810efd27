import type { Child } from '../support/child.ts'
import { parseInterval, type Limits } from '../support/interval.ts'
import type { Stores } from '../support/stores.ts'

/** A contender: `worker` makes the SDK calls and `driver` the load. They may be the same process. */
export interface Contender {
  worker: Child
  driver: Child
  stores: Stores
}
export type Measurement = Awaited<ReturnType<typeof measure>>

/** Returns the result of an interval of load on empty stores, with the µs of CPU time per call of worker and driver. */
export async function measure({ worker, driver, stores }: Contender, limits: Limits) {
  await stores.empty()
  const [workerBefore, driverBefore] = [await worker.usage(), await driver.usage()]
  const { calls, seconds, ...percentiles } = parseInterval(await driver.request(limits))
  const [workerAfter, driverAfter] = [await worker.usage(), await driver.usage()]
  await stores.assertCount(calls)
  return {
    calls,
    perSecond: calls / seconds,
    ...percentiles,
    cpu: (workerAfter.cpuMicroseconds - workerBefore.cpuMicroseconds) / calls,
    driverCpu: (driverAfter.cpuMicroseconds - driverBefore.cpuMicroseconds) / calls,
    resident: workerAfter.rssBytes,
  }
}

// The floor: the two calls of an accepted event and nothing else, without a host or HTTP.
import { bareCalls } from './bare-calls.ts'
import { CONCURRENCY } from './limits.ts'
import { serveSlices } from './slice.ts'

const createAndSend = bareCalls(process.env)
serveSlices(Array.from({ length: CONCURRENCY }, () => createAndSend))

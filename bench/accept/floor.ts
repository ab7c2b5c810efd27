// The floor: only the two calls of an accepted event, without a host or HTTP.
import { bareCalls } from '../support/bare-calls.ts'
import { CONCURRENCY } from '../support/limits.ts'
import { serveIntervals } from '../support/interval.ts'

const createAndSend = bareCalls(process.env)
serveIntervals(Array.from({ length: CONCURRENCY }, () => createAndSend))

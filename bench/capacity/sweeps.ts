import { requestCharge } from '../../local/emulators/request-charge.ts'
import { MAX_PARALLEL_PARTITIONS } from '../../shared/azure/documents.ts'

/** A sorted query over all physical partitions: its TOP, how many results a request returns, and their size. */
export interface SpreadQuery {
  top: number
  batch: number
  /** Of a result. */
  bytes: number
}

/** What such a query takes. */
export interface SpreadCost {
  /** To partitions, each for a batch. */
  requests: number
  /** Results that the requests return, taken or not. */
  loaded: number
  units: number
  /** Requests after one another. */
  rounds: number
}

/** Returns the request units of so many requests, which return so many results in all. */
export const unitsOf = (requests: number, loaded: number, bytes: number): number =>
  requests * charge(0, 0) + charge(loaded, loaded * bytes) - charge(0, 0)

const charge = (items: number, bytes: number) =>
  requestCharge({ operation: 'query', isSuccess: true, bytes, indexEntries: 0, items })

/** Returns the cost where nothing is found. */
export const costAtRest = (partitions: number): SpreadCost => ({
  requests: partitions,
  loaded: 0,
  units: unitsOf(partitions, 0, 0),
  rounds: Math.ceil(partitions / MAX_PARALLEL_PARTITIONS),
})

/**
 * Returns the most that a query costs, however much waits and wherever. Every partition is asked for a batch before the
 * first result is known, and asked again each time when all of a batch is taken.
 */
export function mostCost(query: SpreadQuery, partitions: number): SpreadCost {
  const { top, bytes } = query
  const batch = Math.min(query.batch, top)
  const refills = Math.floor((top - 1) / batch)
  const requests = partitions + refills
  return {
    requests,
    loaded: requests * batch,
    units: unitsOf(requests, requests * batch, bytes),
    rounds: Math.ceil(partitions / MAX_PARALLEL_PARTITIONS) + refills,
  }
}

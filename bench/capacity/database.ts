import { limits } from './azure.ts'

/** What an event and a delivery cost, as `npm run bench:capacity` has counted it. */
export interface Measured {
  eventUnits: number
  deliveryUnits: number
  /** Of a stored document. */
  eventBytes: number
  deliveryBytes: number
  /** Messages of an event. */
  messages: number
}

/** What is asked: events a second, day and night, with so many subscribers each, whose arrivals are kept for so long. */
export interface Load {
  events: number
  subscribers: number
  retentionDays: number
}

const EVENT_DAYS = 90
const DAY = 86_400
const INDEX_SHARE = 1.1 // few paths are indexed; an assumption
export const HEADROOM = 0.75 // of a limit that is planned with: the rest is for the busiest second and for retries
const LEAST_AUTOSCALE = 1000

/** A database of one capacity mode under a load. */
export interface DatabasePlan {
  mode: 'serverless' | 'autoscale'
  /** RU a second: used, and the most there are; of a serverless account no number of its own. */
  units: number
  maxUnits: number
  gigabytes: number
  /** Physical partitions of the events and of the deliveries. */
  partitions: { events: number; deliveries: number }
  /** RU a second of each physical partition: what a burst that falls on one of them has. */
  unitsOfPartition: number
  /** Why the load does not fit, if it does not. */
  misfit: string | undefined
}

/** Returns the gigabytes that are stored once as much expires as comes. */
export function gigabytesOf(
  load: Load,
  measured: Measured,
): { events: number; deliveries: number } {
  const each = (load.events * DAY * INDEX_SHARE) / 1e9
  return {
    events: each * EVENT_DAYS * measured.eventBytes,
    deliveries: each * load.retentionDays * load.subscribers * measured.deliveryBytes,
  }
}

const unitsOf = ({ events, subscribers }: Load, { eventUnits, deliveryUnits }: Measured) => ({
  events: events * eventUnits,
  deliveries: events * subscribers * deliveryUnits,
})

export function serverlessPlan(load: Load, measured: Measured): DatabasePlan {
  const stored = gigabytesOf(load, measured)
  const units = unitsOf(load, measured)
  const busiest = Math.max(units.events, units.deliveries)
  const largest = Math.max(stored.events, stored.deliveries)
  const isTooMuch = busiest > limits.serverlessUnits * HEADROOM // a container begins with one partition
  const isTooLarge = largest > limits.serverlessGigabytes
  return {
    mode: 'serverless',
    units: units.events + units.deliveries,
    maxUnits: limits.serverlessUnits,
    gigabytes: stored.events + stored.deliveries,
    partitions: {
      events: partitionsOf(stored.events),
      deliveries: partitionsOf(stored.deliveries),
    },
    unitsOfPartition: limits.serverlessUnits,
    misfit: isTooMuch
      ? `${Math.round(busiest)} RU/s in one container, of ${limits.serverlessUnits}`
      : isTooLarge
        ? `${Math.round(largest)} GB in one container, of ${limits.serverlessGigabytes}`
        : undefined,
  }
}

export function autoscalePlan(load: Load, measured: Measured): DatabasePlan {
  const stored = gigabytesOf(load, measured)
  const used = unitsOf(load, measured)
  const units = used.events + used.deliveries
  const gigabytes = stored.events + stored.deliveries
  const least = Math.max(units / HEADROOM, gigabytes * limits.unitsAGigabyte, LEAST_AUTOSCALE)
  const maxUnits = Math.ceil(least / 1000) * 1000
  const partitions = {
    events: partitionsOf(stored.events),
    deliveries: partitionsOf(stored.deliveries),
  }
  const all = Math.max(
    partitions.events + partitions.deliveries,
    Math.ceil(maxUnits / limits.partitionUnits),
  )
  return {
    mode: 'autoscale',
    units,
    maxUnits,
    gigabytes,
    partitions,
    unitsOfPartition: maxUnits / all,
    misfit: undefined,
  }
}

const partitionsOf = (gigabytes: number): number =>
  Math.max(1, Math.ceil(gigabytes / limits.partitionGigabytes))

/** Deliveries by the time of their events; `ms` is absent where none was attempted. */
export interface Bucket {
  from: string
  delivered: number
  waiting: number
  dead: number
  cancelled: number
  ms?: { p50: number; p95: number }
}

/** What became of the deliveries of an interval; where `complete` is false, `from` is later than was asked for. */
export interface StatisticsAnswer {
  from: string
  to: string
  complete: boolean
  seconds: number
  buckets: Bucket[]
}

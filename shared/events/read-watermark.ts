import { MIN_READ_HOLDBACK_SECONDS } from '../config.ts'
import { boundAt, timeOf } from './event-id.ts'

/** The bound that every id a reader may see now is less than. */
export const readWatermark = (holdbackSeconds: number, now = Date.now()): string =>
  boundAt(now - holdbackSeconds * 1000)

/** Whether readers may be past an id before a write that begins now is sure to have ended. */
export const isPastWatermark = (id: string, holdbackSeconds: number, nowMs: number): boolean =>
  ageSeconds(id, nowMs) > holdbackSeconds - MIN_READ_HOLDBACK_SECONDS + 1

/** How long ago an id was made. */
export const ageSeconds = (id: string, nowMs: number): number =>
  (nowMs - timeOf(id).getTime()) / 1000

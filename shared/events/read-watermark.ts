import { MIN_READ_HOLDBACK_SECONDS } from '../setting-bounds.ts'
import { boundAt, timeOf } from './event-id.ts'

/** Returns the bound below which readers may see ids now. */
export const readWatermark = (holdbackSeconds: number, now = Date.now()): string =>
  boundAt(now - holdbackSeconds * 1000)

/** Whether readers may have paged past an id before a write that begins now has ended. */
export const isPastWatermark = (id: string, holdbackSeconds: number, nowMs: number): boolean =>
  ageSeconds(id, nowMs) > holdbackSeconds - MIN_READ_HOLDBACK_SECONDS + 1

/** Returns the age of an id in seconds. */
export const ageSeconds = (id: string, nowMs: number): number =>
  (nowMs - timeOf(id).getTime()) / 1000

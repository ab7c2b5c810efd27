import { MIN_READ_WATERMARK_SECONDS } from '../setting-bounds.ts'
import { boundAt, timeOf } from './event-id.ts'

/** Returns the bound below which readers may see ids now. */
export const readWatermark = (watermarkSeconds: number, now = Date.now()): string =>
  boundAt(now - watermarkSeconds * 1000)

/** Whether readers may have paged past an id before a write that begins now has ended. */
export const isPastWatermark = (id: string, watermarkSeconds: number, nowMs: number): boolean =>
  ageSeconds(id, nowMs) > watermarkSeconds - MIN_READ_WATERMARK_SECONDS + 1

/** Returns the age of an id in seconds. */
export const ageSeconds = (id: string, nowMs: number): number =>
  (nowMs - timeOf(id).getTime()) / 1000

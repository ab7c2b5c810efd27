const DAY_MS = 24 * 3600 * 1000
const DISABLE_AFTER_MS = 5 * DAY_MS
const SILENT_AFTER_MS = 2 * DAY_MS // retries wait 15 h at most, or a day where a subscriber asks for it
const NOTE_AFTER_MS = DAY_MS / 2

/** When a subscriber has failed, as ISO times: first since its last success, and later, which is noted twice a day. */
interface FailureTimes {
  failingSince?: string | undefined
  failedAt?: string | undefined
}

/** Returns the times that a circuit has; none where it is not failing. */
export function failureTimesOf({ failingSince, failedAt }: FailureTimes) {
  if (failingSince === undefined) return {}
  return { failingSince, ...(failedAt !== undefined && { failedAt }) }
}

/** Whether a subscriber has failed for five days without a success: its next failure disables the subscription. */
export const hasFailedTooLong = (failingSince: string, nowMs: number): boolean =>
  nowMs - Date.parse(failingSince) > DISABLE_AFTER_MS

/** Whether nothing has failed for two days: there was nothing to deliver, which says nothing about the subscriber. */
export const isSilentSince = (failedAt: string, nowMs: number): boolean =>
  nowMs - Date.parse(failedAt) > SILENT_AFTER_MS

/** Whether a failure is to be noted, half a day after the last one that was. */
export const isToBeNoted = (failedAt: string, nowMs: number): boolean =>
  nowMs - Date.parse(failedAt) > NOTE_AFTER_MS

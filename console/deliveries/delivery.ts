/** A delivery as the API shows it; the last three where one is read. */
export interface Delivery {
  event: string
  state: DeliveryState
  run: number
  attempts: Attempt[]
  resource: string
  subject?: string
  acceptedAt: string
  sequence?: number
  reason?: string
  due?: string
  cloudEvent?: object
  request?: { endPoint: string; headers: Record<string, string>; body: string }
}

export type DeliveryState = 'waiting' | 'delivered' | 'dead' | 'cancelled'

/** One attempt: the answer, or why there was none. */
export interface Attempt {
  at: string
  ms: number
  status?: number
  answer?: string
  failure?: string
}

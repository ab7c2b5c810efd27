/** The times of the app in a run. */
export interface Profile {
  name: string
  settings: Record<string, string>
  /** How often the proof has the app sweep when all is published, in s, beside its own timer; undefined: not at all. */
  sweepSeconds: number | undefined
  /** After how many seconds the lease of a drain that is not heard of is over, when all is published; undefined: about a minute. */
  leaseSeconds: number | undefined
  /** Whether nothing goes wrong any more when all is published. */
  isFaultFreeAtEnd: boolean
  /** What has not come when for so long nothing has is lost. */
  idleTimeoutSeconds: number
}

/**
 * The app's and host.json's own times: repair after 60 s, a failed message again after 30 s, a sweep every 30 s. Only the
 * schedule's steps of five minutes and more are a minute.
 */
export const asDeployed: Profile = {
  name: 'as deployed',
  settings: { DELIVERY_RETRY_SECONDS: '10,30,60,60,60,60,60,60,60,60,60,60' },
  sweepSeconds: undefined,
  leaseSeconds: undefined,
  isFaultFreeAtEnd: false,
  idleTimeoutSeconds: 300,
}

/** Short times, for many runs: everything but the leases, of ten minutes for a message and one for a drain, and the look into queues every second, is shorter. */
export const hurried: Profile = {
  name: 'hurried',
  settings: {
    REPAIR_AFTER_SECONDS: '10',
    DELIVERY_RETRY_SECONDS: '1,2,3,5,5,10,10,10,10,10',
    DELIVERY_TIMEOUT_SECONDS: '10',
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:05',
  },
  sweepSeconds: 5,
  leaseSeconds: undefined,
  isFaultFreeAtEnd: false,
  idleTimeoutSeconds: 300,
}

/** For a run of seconds: swept only when all is published, so that what the sweep sends again is not lost again. */
export const brief: Profile = {
  name: 'brief',
  settings: {
    'AzureWebJobs.sweep-events.Disabled': 'true',
    'AzureWebJobs.sweep-deliveries.Disabled': 'true',
    'AzureWebJobs.sweep-subscriptions.Disabled': 'true',
    REPAIR_AFTER_SECONDS: '1',
    DELIVERY_RETRY_SECONDS: '1,1,1,1,1,1,1,1,1,1',
    AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.250',
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
  },
  sweepSeconds: 0.5,
  leaseSeconds: 10,
  isFaultFreeAtEnd: true,
  idleTimeoutSeconds: 20,
}

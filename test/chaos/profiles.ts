/** The intervals and timeouts of the app in a run. */
export interface Profile {
  name: string
  settings: Record<string, string>
  /** Seconds between extra sweeps once all events are published; undefined for the app's own timer only. */
  sweepSeconds: number | undefined
  /** Seconds until the run ends the lease of a drain; undefined for the app's own, about a minute. */
  leaseSeconds: number | undefined
  /** Whether the faults end once all events are published. */
  isFaultFreeAtEnd: boolean
  /** Seconds without a delivery after which the missing ones are lost. */
  idleTimeoutSeconds: number
}

/**
 * The settings of the app and host.json: repair after 60 s, a failed message again after 30 s, a sweep every 30 s. Only
 * the retry steps of five minutes and more are one minute.
 */
export const asDeployed: Profile = {
  name: 'as deployed',
  settings: { DELIVERY_RETRY_SECONDS: '10,30,60,60,60,60,60,60,60,60,60,60' },
  sweepSeconds: undefined,
  leaseSeconds: undefined,
  isFaultFreeAtEnd: false,
  idleTimeoutSeconds: 300,
}

/** Short intervals, for many runs. The leases of messages and drains and the polling of queues are as deployed. */
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

/** For a run of seconds: it sweeps only once all events are published, so that no redrive is lost again. */
export const brief: Profile = {
  name: 'brief',
  settings: {
    'AzureWebJobs.sweep-events.Disabled': 'true',
    'AzureWebJobs.sweep-deliveries.Disabled': 'true',
    'AzureWebJobs.sweep-subscriptions.Disabled': 'true',
    REPAIR_AFTER_SECONDS: '1',
    DELIVERY_RETRY_SECONDS: '1,1,1,1,1,1,1,1,1,1',
    AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.500',
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
  },
  sweepSeconds: 1,
  leaseSeconds: 5,
  isFaultFreeAtEnd: true,
  idleTimeoutSeconds: 20,
}

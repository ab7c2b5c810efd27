/** An app whose sweeps look for what is a second late, and that tries each delivery four times within seconds. */
export const quickRepairs = {
  settings: {
    REPAIR_AFTER_SECONDS: '1',
    DELIVERY_RETRY_SECONDS: '2,1,1',
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
  },
}

/** An app that tries each delivery twice, without a wait, and keeps two days what has arrived. */
export const quickRetries = {
  settings: {
    DELIVERED_RETENTION_DAYS: '2',
    DELIVERY_RETRY_SECONDS: '0',
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01', // what fails comes soon
  },
}

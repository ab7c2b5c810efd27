/** An app that keeps what is in its poison queues, and tries a message again after a second. */
export const readsPoison = {
  settings: { AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01' },
  readsPoison: true,
}

/** The account and key that every Azure Storage emulator has; published, so not a secret. */
const account = 'devstoreaccount1'
const key =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** Returns the connection string of a storage emulator on this machine that listens on these ports. */
export function storageConnection({ queue, blob }: { queue: number; blob: number }): string {
  const endpoint = (port: number) => `http://127.0.0.1:${port}/${account}`
  return (
    `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};` +
    `BlobEndpoint=${endpoint(blob)};QueueEndpoint=${endpoint(queue)};`
  )
}

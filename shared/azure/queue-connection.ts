/** Where the queues are, and what authorizes a request: an account's key, or a shared access signature. */
export interface QueueConnection {
  endpoint: string
  /** A shared access signature, without its question mark. */
  signature?: string
  account?: { name: string; key: Buffer }
}

// The emulator's published account: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
const DEVELOPMENT =
  'AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1'

/** Parses a connection string of a storage account. Throws if it names no place. */
export function parseQueueConnection(text: string): QueueConnection {
  const parts = partsOf(text)
  if (parts.get('UseDevelopmentStorage') === 'true') return parseQueueConnection(DEVELOPMENT)
  const [name, key] = [parts.get('AccountName'), parts.get('AccountKey')]
  const signature = parts.get('SharedAccessSignature')
  const endpoint = parts.get('QueueEndpoint') ?? defaultEndpoint(parts)
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    ...(name !== undefined &&
      key !== undefined && { account: { name, key: Buffer.from(key, 'base64') } }),
    ...(signature !== undefined && { signature: signature.replace(/^\?/, '') }),
  }
}

function defaultEndpoint(parts: Map<string, string>): string {
  const name = parts.get('AccountName')
  if (name === undefined) throw new Error('The connection string of the queues names no account.')
  const protocol = parts.get('DefaultEndpointsProtocol') ?? 'https'
  return `${protocol}://${name}.queue.${parts.get('EndpointSuffix') ?? 'core.windows.net'}`
}

/** A value may hold `=`, as base64 does. */
const partsOf = (text: string): Map<string, string> =>
  new Map(
    text.split(';').flatMap((part): [string, string][] => {
      const [name = '', ...value] = part.trim().split('=')
      return name === '' ? [] : [[name, value.join('=')]]
    }),
  )

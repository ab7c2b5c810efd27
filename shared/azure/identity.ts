import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity'
import { withTimeout } from './timeout.ts'

/** The identity endpoint of a host answers in milliseconds. */
const TOKEN_MS = 5000

/**
 * Returns the credential of the user-assigned identity `clientId`, or the default credential of the environment. It gives up
 * after 5 s: the SDKs have all calls wait for one question, and an endpoint that fell silent once would block them for good.
 */
export async function openCredential(clientId: string | undefined): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity')
  const credential: TokenCredential =
    clientId === undefined
      ? new DefaultAzureCredential()
      : new ManagedIdentityCredential({ clientId })
  return {
    getToken: (scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken | null> =>
      withTimeout(TOKEN_MS, () => credential.getToken(scopes, options)),
  }
}

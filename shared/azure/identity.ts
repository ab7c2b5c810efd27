/** Returns the credential of the user-assigned identity `clientId`, or the default credential of the environment. */
export async function openCredential(clientId: string | undefined) {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity')
  return clientId === undefined
    ? new DefaultAzureCredential()
    : new ManagedIdentityCredential({ clientId })
}

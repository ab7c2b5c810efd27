/** The app's managed identity: the user-assigned one that `clientId` names, else whatever the environment offers. */
export async function openCredential(clientId: string | undefined) {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity')
  return clientId === undefined
    ? new DefaultAzureCredential()
    : new ManagedIdentityCredential({ clientId })
}

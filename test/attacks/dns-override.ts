// Preloaded into an app under attack (node --import): its look-ups of names are answered by the name server of PROOF_DNS.
import dns from 'node:dns/promises'

const resolver = new dns.Resolver()
resolver.setServers([process.env['PROOF_DNS'] ?? ''])
const none = (): string[] => [] // a name without addresses of a family is no fault
Reflect.set(dns, 'lookup', async (name: string) => {
  const four = await resolver.resolve4(name).catch(none)
  const six = await resolver.resolve6(name).catch(none)
  return [...four, ...six].map((address) => ({ address }))
})

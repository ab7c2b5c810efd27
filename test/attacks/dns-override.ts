// Preloaded into an app under attack (node --import): its look-ups of names are answered by the name server of PROOF_DNS.
import dns from 'node:dns/promises'

Reflect.set(
  dns,
  'Resolver',
  class extends dns.Resolver {
    constructor(...options: ConstructorParameters<typeof dns.Resolver>) {
      super(...options)
      this.setServers([process.env['PROOF_DNS'] ?? ''])
    }
  },
)

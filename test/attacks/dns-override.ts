// Preloaded into an app (node --import): makes it look up names at the name server PROOF_DNS.
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

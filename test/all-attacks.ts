import { before } from 'node:test'

// The attacks on the API in one process: of their own, each file took it 0.6 s to start. They are named when their apps have
// started, and begin when all are named: a run that has nothing left to do ends. Those come first whose tokens expire in
// minutes.
const files = [
  './app/tokens.test.ts',
  './attacks/token-attacks.test.ts',
  './app/body.test.ts',
  './app/source-ownership.test.ts',
  './attacks/access.test.ts',
  './attacks/policy-access.test.ts',
  './attacks/policy-attacks.test.ts',
  './attacks/register-attacks.test.ts',
  './attacks/load.test.ts',
]
const named = Promise.withResolvers<void>()
before(() => named.promise)
for (const file of files) await import(file)
named.resolve()

import { runTogether } from './support/run-together.ts'

// The emulators: most files share a database.
runTogether('emulators', [
  'azurite',
  'cosmos-charges',
  'cosmos-indexing',
  'cosmos-items',
  'cosmos-queries',
  'cosmos-requests',
  'cosmos-ttl',
  'event-indexes',
  'lifetime',
])

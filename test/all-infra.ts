import { runTogether } from './support/run-together.ts'

// Files that must agree, and what they make when they are asked to.
runTogether('infra', [
  'bicep-agreement',
  'import-direction',
  'security',
  'workflows',
  'queries',
  'package',
  'deploy',
])

import { runTogether } from './support/run-together.ts'

// Files that must agree, and take some milliseconds each.
runTogether('infra', ['bicep-agreement', 'import-direction', 'security', 'workflows'])

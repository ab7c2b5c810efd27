import { globSync } from 'node:fs'
import path from 'node:path'

// All tests of the console in one process, which share an app and a browser: of their own, they took twice the time of a processor.
const folder = path.join(import.meta.dirname, 'console')
for (const file of globSync('*.test.ts', { cwd: folder }).toSorted())
  await import(path.join(folder, file))

import { globSync } from 'node:fs'
import path from 'node:path'

// All unit tests, of flows and of parts, in one process: most take some milliseconds, and a process of their own took each file 0.4 s.
const folder = path.join(import.meta.dirname, 'unit')
for (const file of globSync('*.test.ts', { cwd: folder }).toSorted())
  await import(path.join(folder, file))

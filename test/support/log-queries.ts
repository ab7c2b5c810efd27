import { globSync } from 'node:fs'
import path from 'node:path'
import { read, resourcesOf } from './bicep.ts'

const root = path.join(import.meta.dirname, '../..')

/** The queries on the log, each with its file and its name. */
export const queryFiles = globSync('infra/queries/*.kql', { cwd: root }).map((file) => ({
  file,
  name: path.basename(file, '.kql'),
  text: read(file),
}))

/** Every query that is asked: those of the files, and those of alerts with their conditions. */
export const logQueries = [
  ...queryFiles.map(({ text }) => text),
  ...resourcesOf('prod')
    .ofType('scheduledQueryRules')
    .map(({ properties }) => String(Object(properties['criteria']).allOf[0].query)),
]

import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '../..')

/** A file of the repository. */
export const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

/** A resource that a parameter file makes, as its committed snapshot foresees it (`npm run check:infra` keeps it true). */
interface Resource {
  id: string
  type: string
  name: string
  tags?: Record<string, string>
  properties: Record<string, unknown>
}

/** The resources of a parameter file. */
export function resourcesOf(environment: 'main' | 'prod') {
  const { predictedResources }: { predictedResources: Resource[] } = JSON.parse(
    read(`infra/${environment}.snapshot.json`),
  )
  const ofType = (type: string) => predictedResources.filter((each) => each.type.endsWith(type))
  /** The properties of the only resource of a type. */
  const only = (type: string) => {
    const [resource, ...others] = ofType(type)
    if (resource === undefined || others.length > 0) throw new Error(`${type}: not one`)
    return Object(resource.properties)
  }
  return { all: predictedResources, ofType, only }
}

/** Every template and parameter file, with its text. */
export const templates = globSync('infra/**/*.{bicep,bicepparam}', { cwd: root }).map(
  (file) => [file, read(file)] as const,
)

/** The names in an object literal of a template, `var NAME = { … }`. */
export function membersOf(file: string, name: string): string[] {
  const [, body = ''] = new RegExp(`^var ${name} = \\{\n([^]*?)^\\}`, 'm').exec(read(file)) ?? []
  return [...body.matchAll(/^ {2}(\w+):/gm)].map(([, member = '']) => member)
}

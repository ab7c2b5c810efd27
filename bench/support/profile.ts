import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import path from 'node:path'

interface Frame {
  functionName: string
  url: string
  lineNumber: number
  columnNumber: number
}
interface ProfileNode {
  id: number
  callFrame: Frame
  children?: number[]
}
interface CpuProfile {
  nodes: ProfileNode[]
  samples: number[]
  timeDeltas: number[]
}

/** Patterns of source files, and their owners. Node.js's own code belongs to its caller. */
const owners: [source: RegExp, owner: string][] = [
  [/node_modules\/@azure\/functions|webpack:\/\/@azure\/functions/, 'functions library'],
  [/node_modules\/(joi|@hapi)\//, 'joi'],
  [/node_modules\//, 'other packages'],
  [/(^|\/)(functions|shared)\/.+\.ts$/, 'own code'],
  [/dist\/cosmos\.cjs$/, 'Cosmos SDK'],
  [/dist\/telemetry-export\.cjs$/, 'OpenTelemetry'],
  [/local\/host\//, 'local host'],
]

/**
 * Returns the CPU time of a V8 CPU profile (a file) by owner, in µs per event of `count`, the largest first. It begins
 * with the first sample in `startSource` (a source file), after the start of the app.
 */
function costByOwner(file: string, startSource: string, count: number): [string, number][] {
  const profile: CpuProfile = JSON.parse(readFileSync(file, 'utf8'))
  const { ownerOf, sourceOf } = createAttribution(profile)
  const first = profile.samples.findIndex((id) => sourceOf(id).endsWith(startSource))
  if (first < 0) throw new Error(`${file} has no sample in ${startSource}.`)
  const costs = new Map<string, number>()
  for (const [index, id] of profile.samples.entries()) {
    const owner = index < first ? 'idle' : ownerOf(id)
    costs.set(owner, (costs.get(owner) ?? 0) + (profile.timeDeltas[index] ?? 0) / count)
  }
  costs.delete('idle')
  return [...costs].toSorted((a, b) => b[1] - a[1])
}

/** Returns the Node.js flags that write a CPU profile when the process exits. */
export const profileFlags = (file: string): string[] => ['--cpu-prof', `--cpu-prof-name=${file}`]

/** Prints `costByOwner` and the total. */
export function printProfile(file: string, startSource: string, count: number): void {
  const costs = costByOwner(file, startSource, count)
  const whole = costs.reduce((sum, [, cost]) => sum + cost, 0)
  console.log(`\nCPU profile of the app's host, ${path.resolve(file)}:`)
  for (const [owner, cost] of [...costs, ['together', whole] as const])
    console.log(`${owner.padEnd(20)}${cost.toFixed(0).padStart(6)} µs per event`)
}

function createAttribution({ nodes }: CpuProfile) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  )
  const sources = createSources()
  const knownOwners = new Map<number, string>()
  const sourceOf = (id: number) => sources(byId.get(id)?.callFrame)

  function ownerOf(id: number): string {
    const owner = knownOwners.get(id) ?? attribute(id)
    knownOwners.set(id, owner)
    return owner
  }
  function attribute(id: number): string {
    const name = byId.get(id)?.callFrame.functionName ?? ''
    if (/^\((idle|garbage collector)\)$/.test(name)) return name.slice(1, -1)
    const [, owner] = owners.find(([source]) => source.test(sourceOf(id))) ?? []
    const parent = parents.get(id)
    return owner ?? (parent === undefined ? 'Node.js' : ownerOf(parent))
  }
  return { ownerOf, sourceOf }
}

/** Returns the source file of a frame, through the source map if the file has one. */
function createSources() {
  const maps = new Map<string, SourceMap | undefined>()
  function mapOf(file: string): SourceMap | undefined {
    if (!maps.has(file)) maps.set(file, file.endsWith('dist/main.cjs') ? readMap(file) : undefined)
    return maps.get(file)
  }
  return (frame: Frame | undefined): string => {
    const file = frame?.url.replace('file://', '') ?? ''
    const entry = frame && mapOf(file)?.findEntry(frame.lineNumber, frame.columnNumber)
    return entry !== undefined && 'originalSource' in entry ? entry.originalSource : file
  }
}

const readMap = (file: string) => new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')))

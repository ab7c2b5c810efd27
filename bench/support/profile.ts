import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import path from 'node:path'
import { table, writeMarkdown } from './markdown.ts'

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

/** Patterns of source files, and their owners. Node.js's own code belongs to its caller, where it has one. */
const owners: [source: RegExp, owner: string][] = [
  [/@azure\/functions/, 'Functions library: requests, answers, invocations'],
  [/node_modules\/(joi|@hapi)\//, 'validation (joi)'],
  [/shared\/auth\/|node_modules\/(jsonwebtoken|jws|jwa)\//, 'tokens'],
  [/shared\/(events|http)\//, 'body and event, with their JSON'],
  [/shared\/webhooks\//, 'webhooks'],
  [/shared\/telemetry\//, 'telemetry and log lines'],
  [/shared\/azure\/(queue|sharded-queue)/, 'messages to queues'],
  [/(^|\/)(functions|shared)\/.+\.ts$/, 'flows, handlers, index, stores'],
  [/dist\/cosmos\.cjs$/, 'Cosmos SDK'],
  [/dist\/core-rest-pipeline\.cjs$/, 'HTTP pipeline of the Azure SDKs'],
  [/dist\/telemetry-export\.cjs$/, 'OpenTelemetry'],
  [/local\/host\/|node_modules\//, 'local host: not in this process in Azure'], // its queue SDK too
]
const SIGNATURES = 'signatures with a key: of the stores none with an identity'
const HTTP = 'HTTP of Node.js, on its own turns'
const NODE = 'Node.js: promises, sockets, timers'
const COLLECTOR = 'garbage collector'

/**
 * Returns the samples of a V8 CPU profile (a file) by owner, the most first, without those of an idle process. It begins
 * with the first sample in `startSource` (a source file), after the start of the app.
 */
function samplesByOwner(file: string, startSource: string): [string, number][] {
  const profile: CpuProfile = JSON.parse(readFileSync(file, 'utf8'))
  const { ownerOf, sourceOf } = createAttribution(profile)
  const first = profile.samples.findIndex((id) => sourceOf(id).endsWith(startSource))
  if (first < 0) throw new Error(`${file} has no sample in ${startSource}.`)
  const counts = new Map<string, number>()
  for (const id of profile.samples.slice(first))
    counts.set(ownerOf(id), (counts.get(ownerOf(id)) ?? 0) + 1)
  counts.delete('idle')
  return [...counts].toSorted((a, b) => b[1] - a[1])
}

/** Returns the Node.js flags that write a CPU profile when the process exits. */
export const profileFlags = (file: string): string[] => ['--cpu-prof', `--cpu-prof-name=${file}`]

/** Prints who takes how much of the process's own time, and writes it between the marks `mark` of docs/capacity.md. */
export async function reportProfile(file: string, startSource: string, mark: string) {
  const counts = samplesByOwner(file, startSource)
  const all = counts.reduce((sum, [, count]) => sum + count, 0)
  const share = (count: number) => `${((100 * count) / all).toFixed(1)} %`
  console.log(`\nCPU profile of the app's host, ${path.resolve(file)}, ${all} samples:`)
  for (const [owner, count] of counts) console.log(`${share(count).padStart(7)} ${owner}`)
  const rows = counts.map(([owner, count]) => [owner, share(count)])
  const samples = `${all.toLocaleString('en')} samples`
  await replacePart(mark, table([[samples, 'Share'], ...rows]))
}

async function replacePart(mark: string, part: string): Promise<void> {
  const file = path.join(import.meta.dirname, '../../docs/capacity.md')
  const between = new RegExp(`<!-- ${mark} -->[^]*?<!-- end -->`)
  const marked = `<!-- ${mark} -->\n\n${part}\n\n<!-- end -->`
  const text = readFileSync(file, 'utf8')
  await writeMarkdown(
    file,
    text.replace(between, () => marked),
  )
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
    const { functionName = '', url = '' } = byId.get(id)?.callFrame ?? {}
    if (functionName === '(idle)') return 'idle'
    if (functionName === '(garbage collector)') return COLLECTOR
    if (functionName === 'createHmac') return SIGNATURES
    const [, owner] = owners.find(([source]) => source.test(sourceOf(id))) ?? []
    if (owner !== undefined) return owner
    const parent = parents.get(id)
    const callers = parent === undefined ? NODE : ownerOf(parent)
    return callers === NODE && url.startsWith('node:_http_') ? HTTP : callers
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

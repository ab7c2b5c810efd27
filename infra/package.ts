// `npm run package [-- --out FOLDER]`: what is deployed, as one zip, and its bill of materials beside it. The same sources
// give the same bytes, so that the SHA-256 says whether two packages are one.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { zipSync, type Zippable } from 'fflate'

const root = path.join(import.meta.dirname, '..')
const NEVER = new Date(1980, 0, 1) // the first moment that a zip can name
const UNIX = 3
const READABLE = 0o100644 << 16

const { values } = parseArgs({ options: { out: { type: 'string', default: 'out' } } })
const folder = path.resolve(root, values.out)
const manifest: { name: string } = readJson('package.json')
const zip = zipOf(shippedFiles())
mkdirSync(folder, { recursive: true })
write(`${manifest.name}.zip`, zip)
write(`${manifest.name}.cdx.json`, Buffer.from(JSON.stringify(billOfMaterials(), undefined, 2)))

/** What the host reads: its settings, the manifest that names the bundle, the bundle. `.funcignore` leaves the same. */
function shippedFiles(): string[] {
  const bundle = globSync('dist/**', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
  if (bundle.length === 0) throw new Error('dist/ is empty: run `npm run build` first')
  return ['host.json', 'package.json', ...bundle.toSorted()]
}

function zipOf(files: string[]): Uint8Array {
  const entries: Zippable = {}
  for (const file of files)
    entries[file.replaceAll(path.sep, '/')] = readFileSync(path.join(root, file))
  return zipSync(entries, { level: 9, mtime: NEVER, os: UNIX, attrs: READABLE })
}

/**
 * The packages that the app depends on, as CycloneDX. npm names the application after its folder, dates and numbers each
 * run, and takes whatever a tool of development uses too for one: so it is asked about a copy without the tools.
 */
function billOfMaterials(): object {
  const copy = mkdtempSync(path.join(tmpdir(), 'bill-'))
  try {
    writeJson(path.join(copy, 'package.json'), { ...manifest, devDependencies: {} })
    writeJson(path.join(copy, 'package-lock.json'), lockWithoutTools())
    const { serialNumber: _number, metadata, ...bill } = JSON.parse(askNpm(copy))
    const { timestamp: _time, component, ...rest } = metadata
    return { ...bill, metadata: { ...rest, component: { ...component, name: manifest.name } } }
  } finally {
    rmSync(copy, { recursive: true })
  }
}

interface Locked {
  dev?: boolean
  devOptional?: boolean
  devDependencies?: object
}

function lockWithoutTools(): object {
  const lock: { packages: Record<string, Locked> } = readJson('package-lock.json')
  const kept = Object.entries(lock.packages)
    .filter(([, { dev, devOptional }]) => !dev && !devOptional)
    .map(([place, { devDependencies: _tools, ...locked }]) => [place, locked])
  return { ...lock, packages: Object.fromEntries(kept) }
}

function askNpm(cwd: string): string {
  const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application']
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`)
  return stdout
}

function readJson(file: string) {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'))
}

function writeJson(file: string, value: object): void {
  writeFileSync(file, JSON.stringify(value))
}

function write(name: string, bytes: Uint8Array): void {
  writeFileSync(path.join(folder, name), bytes)
  const digest = createHash('sha256').update(bytes).digest('hex')
  console.log(`${digest}  ${path.relative(root, path.join(folder, name))}  ${bytes.length} bytes`)
}

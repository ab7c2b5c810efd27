import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { unzipSync } from 'fflate'
import ignore from 'ignore'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { startApp } from '../support/app.ts'
import { coreToolsIgnores, coreToolsNeverShips } from '../support/funcignore.ts'
import { createTestStores, deployedUrl, eventually } from '../support/stores.ts'

const root = path.join(import.meta.dirname, '../..')
const folder = mkdtempSync(path.join(tmpdir(), 'app-events-package-'))
after(() => rmSync(folder, { recursive: true }))

/** Makes the package in a folder of its own; returns the zip and the bill of materials. */
function makePackage(name: string) {
  const out = path.join(folder, name)
  execFileSync(process.execPath, ['infra/package.ts', '--out', out], { cwd: root })
  const read = (file: string) => readFileSync(path.join(out, file))
  return { zip: read('app-events.zip'), bill: read('app-events.cdx.json').toString() }
}
const { zip, bill } = makePackage('first')
const files = unzipSync(zip)

test('the package is host.json, package.json and dist/, and nothing else', () => {
  const bundle = globSync('dist/**/*.*', { cwd: root })
  assert.ok(bundle.includes('dist/main.cjs'))
  assert.deepEqual(Object.keys(files), ['host.json', 'package.json', ...bundle.toSorted()])
  for (const [name, bytes] of Object.entries(files))
    assert.ok(readFileSync(path.join(root, name)).equals(bytes), name)
})

test('the same sources give the same bytes, without paths of this machine', () => {
  const second = makePackage('second')
  assert.ok(second.zip.equals(zip))
  assert.equal(second.bill, bill)
  for (const [name, bytes] of [...Object.entries(files), ['bill', Buffer.from(bill)] as const])
    assert.ok(!Buffer.from(bytes).includes(root), name)
})

test('the bill of materials lists the contents of the bundle, and no development tool', () => {
  const { dependencies, name } = JSON.parse(String(Buffer.from(files['package.json'] ?? [])))
  const { bomFormat, metadata, components } = JSON.parse(bill)
  assert.deepEqual([bomFormat, metadata.component.name], ['CycloneDX', name])
  const named = new Map<string, string>(
    components.map((each: { name: string; version: string }) => [each.name, each.version]),
  )
  for (const [dependency, version] of Object.entries(dependencies))
    assert.equal(named.get(dependency), version, dependency)
  assert.ok(named.size > Object.keys(dependencies).length, 'what they need is there too')
  for (const tool of ['azurite', 'esbuild', 'typescript']) assert.ok(!named.has(tool), tool)
})

/** Every file here, of node_modules just some, and what may come to lie here: secrets, reports, packages. */
const filesHere = [
  ...globSync('**', {
    cwd: root,
    withFileTypes: true,
    exclude: (entry) => ['.git', 'node_modules'].includes(entry.name),
  })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))),
  'node_modules/joi/package.json',
  'node_modules/@azure/cosmos/dist/commonjs/index.js',
  'node_modules/.package-lock.json',
  '.env',
  '.azure/dev/.env',
  '.vscode/settings.json',
  'local.settings.json',
  'out/app-events.zip',
  'coverage/lcov.info',
  'CPU.20261124.cpuprofile',
]
const funcignore = readFileSync(path.join(root, '.funcignore'), 'utf8')
const packed = Object.keys(files).toSorted()

test('Core Tools ships the files of the package, by its own reading of .funcignore', () => {
  const isIgnored = coreToolsIgnores(funcignore)
  const shipped = filesHere.filter((file) => !coreToolsNeverShips(file) && !isIgnored(file))
  assert.deepEqual([...new Set(shipped)].toSorted(), packed)
})

test('azd, which reads .funcignore as git does, ships them too, and does not see node_modules itself excluded', () => {
  const rules = ignore().add(funcignore)
  const shipped = rules.filter(filesHere)
  assert.deepEqual([...new Set(shipped)].toSorted(), packed)
  assert.ok(!rules.ignores('node_modules/'))
})

test('reads .funcignore like Core Tools, not like git: anchored, by words', () => {
  const ignored = (line: string, file: string) => coreToolsIgnores(line)(file)
  assert.ok(ignored('*.ts', 'build.ts') && !ignored('*.ts', 'test/app.ts'))
  assert.ok(ignored('**/*.ts', 'test/app.ts') && ignored('test', 'test/app.ts'))
  assert.ok(ignored('host', 'host.json') && !ignored('test', 'tests/app.ts'))
  assert.ok(!ignored('tsconfig*.json', 'tsconfig.json'))
  assert.ok(!ignored('**\n!dist/**', 'dist/main.cjs') && ignored('!dist/**\n**', 'host.json'))
  assert.ok(!ignored('# nothing', 'host.json'))
})

test(
  'unpacked in an empty folder, the app starts and publishes an event',
  { skip: deployedUrl !== undefined },
  async () => {
    const place = path.join(folder, 'unpacked')
    for (const [name, bytes] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(place, name)), { recursive: true })
      writeFileSync(path.join(place, name), bytes)
    }
    const stores = await createTestStores()
    const app = await startApp(stores, { folder: place })
    try {
      const answer = await app.publish()
      assert.equal(answer.status, 201, app.lines.join('\n'))
      const id = await answer.json()
      await eventually('the event is fanned out', async () => {
        const [event] = await stores.documents<EventDocument>('events')
        return event?.id === id && event?.fanOut !== undefined
      })
    } finally {
      await app.stop()
    }
  },
)

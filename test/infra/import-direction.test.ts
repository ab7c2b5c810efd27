import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'

const root = path.join(import.meta.dirname, '../..')

const bottom = ['shared/http', 'shared/clock.ts']
const below = ['shared/azure', 'shared/telemetry', ...bottom]
const concepts = ['auth', 'events', 'subscriptions', 'deliveries', 'webhooks', 'register']
const parts = concepts.map((name) => `shared/${name}`).concat(below)
const outside = ['functions', 'console', 'local', 'bench', 'proof', 'infra', 'test']
const shared = ['handlers.ts', 'services.ts', 'messages.ts', 'config.ts', 'flows']
const places = [...outside, ...shared.map((name) => `shared/${name}`), ...parts]
const inside = places.filter((place) => place.startsWith('shared/'))

/** What each folder of the project, and each file of shared/ that stands for others, may import of the others. */
const mayImport: Record<string, string[]> = {
  functions: inside,
  console: [],
  local: [...inside, 'infra'],
  bench: [...inside, 'local', 'console', 'infra'],
  proof: ['bench', 'test'],
  infra: inside,
  test: places.filter((place) => place !== 'functions'),
  'shared/handlers.ts': inside.filter((place) => place !== 'shared/flows'),
  'shared/services.ts': inside.filter((place) => !/handlers|flows/.test(place)),
  'shared/messages.ts': ['shared/events', 'shared/deliveries'],
  'shared/config.ts': ['shared/http'],
  'shared/clock.ts': [],
  'shared/flows': inside.filter((place) => !/handlers|config/.test(place)),
  'shared/auth': ['shared/events', ...below],
  'shared/events': below,
  'shared/subscriptions': ['shared/events', ...below],
  'shared/deliveries': ['shared/events', 'shared/webhooks', ...below],
  'shared/webhooks': below,
  'shared/register': below,
  'shared/azure': bottom,
  'shared/telemetry': ['shared/azure', ...bottom],
  'shared/http': ['shared/clock.ts'],
}

/** What may import the types of shared/config.ts, which it says nothing of above. */
const mayNameSettings = ['shared/auth', 'shared/azure']

const folder = mkdtempSync(path.join(tmpdir(), 'import-direction-'))
after(() => rmSync(folder, { recursive: true }))

function write(file: string, text: string): void {
  mkdirSync(path.join(folder, path.dirname(file)), { recursive: true })
  writeFileSync(path.join(folder, file), text)
}

const fileIn = (place: string): string => (place.endsWith('.ts') ? place : `${place}/a.ts`)

/** Returns the path by which a file of one place imports that of another. */
function pathTo(to: string, from: string): string {
  const found = path.relative(path.dirname(fileIn(from)), fileIn(to))
  return found.startsWith('.') ? found : `./${found}`
}

/** Lints the folder by the project's own settings; returns `file: what` for everything that a rule reports. */
function lint(rule: string): string[] {
  copyFileSync(path.join(root, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'))
  const oxlint = path.join(root, 'node_modules/.bin/oxlint')
  const { stdout, stderr } = spawnSync(oxlint, ['--format', 'json', '.'], {
    cwd: folder,
    encoding: 'utf8',
  })
  assert.equal(stderr, '')
  const { diagnostics }: { diagnostics: Record<'code' | 'filename' | 'message', string>[] } =
    JSON.parse(stdout)
  return diagnostics
    .filter(({ code }) => code === rule)
    .map(({ filename, message }) => `${filename}: ${/'(.*)' import/.exec(message)?.[1] ?? rule}`)
    .toSorted()
}

test('the linter rejects every import against the direction, and no other', () => {
  for (const from of places) {
    const others = places.filter((to) => to !== from)
    const lines = others.map((to) => `import '${pathTo(to, from)}'`)
    if (mayNameSettings.includes(from)) lines.push("export type { Config } from '../config.ts'")
    write(fileIn(from), lines.join('\n'))
  }
  const rejected = places.flatMap((from) =>
    places
      .filter((to) => to !== from && mayImport[from]?.includes(to) !== true)
      .map((to) => `${fileIn(from)}: ${pathTo(to, from)}`),
  )
  assert.deepEqual(lint('eslint(no-restricted-imports)'), rejected.toSorted())
})

test('the linter rejects a circle of types', () => {
  write('shared/http/one.ts', "import type { Two } from './two.ts'\nexport type One = Two | 1\n")
  write('shared/http/two.ts', "import type { One } from './one.ts'\nexport type Two = One[]\n")
  const circles = lint('import(no-cycle)').filter((each) => /(one|two)\.ts/.test(each))
  assert.deepEqual(circles, [
    'shared/http/one.ts: import(no-cycle)',
    'shared/http/two.ts: import(no-cycle)',
  ])
})

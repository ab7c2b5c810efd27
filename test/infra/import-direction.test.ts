import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'

const root = path.join(import.meta.dirname, '../..')

/** For each folder an import that the linter must reject, and one that it must accept. */
const imports: [folder: string, rejected: string, accepted: string][] = [
  ['shared', './flows/a.ts', './events/a.ts'],
  ['shared/flows', '../handlers.ts', '../services.ts'],
  ['shared/auth', '../webhooks/a.ts', '../events/a.ts'],
  ['shared/events', '../auth/a.ts', '../azure/a.ts'],
  ['shared/subscriptions', '../deliveries/a.ts', '../events/a.ts'],
  ['shared/deliveries', '../subscriptions/a.ts', '../webhooks/a.ts'],
  ['shared/webhooks', '../events/a.ts', '../azure/a.ts'],
  ['shared/register', '../subscriptions/a.ts', '../azure/a.ts'],
  ['shared/azure', '../telemetry/a.ts', '../http/a.ts'],
  ['shared/telemetry', '../events/a.ts', '../azure/a.ts'],
  ['shared/http', '../azure/a.ts', './a.ts'],
  ['functions', './a.ts', '../shared/flows/a.ts'],
  ['console', '../shared/a.ts', './pages/a.ts'],
  ['local', '../functions/a.ts', '../shared/azure/a.ts'],
  ['bench', '../test/a.ts', '../local/a.ts'],
  ['test', '../functions/a.ts', '../bench/a.ts'],
]

const folder = mkdtempSync(path.join(tmpdir(), 'import-direction-'))
after(() => rmSync(folder, { recursive: true }))

function write(file: string, text: string): void {
  mkdirSync(path.join(folder, path.dirname(file)), { recursive: true })
  writeFileSync(path.join(folder, file), text)
}

/** Lints the folder by the project's own settings; returns `file: rule` for everything that is reported. */
function lint(): string[] {
  copyFileSync(path.join(root, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'))
  const oxlint = path.join(root, 'node_modules/.bin/oxlint')
  const { stdout, stderr } = spawnSync(oxlint, ['--format', 'json', '.'], {
    cwd: folder,
    encoding: 'utf8',
  })
  assert.equal(stderr, '')
  const { diagnostics }: { diagnostics: { code: string; filename: string }[] } = JSON.parse(stdout)
  return diagnostics.map(({ code, filename }) => `${filename}: ${code}`).toSorted()
}

test('the linter rejects every import against the direction, every circle, and nothing else', () => {
  for (const [place, rejected, accepted] of imports) {
    write(`${place}/a.ts`, 'export const a = 1\n')
    write(`${place}/rejected.ts`, `import '${rejected}'\n`)
    write(`${place}/accepted.ts`, `import '${accepted}'\n`)
  }
  for (const file of ['handlers', 'services']) write(`shared/${file}.ts`, 'export const a = 1\n')
  write('shared/http/one.ts', "import type { Two } from './two.ts'\nexport type One = Two | 1\n")
  write('shared/http/two.ts', "import type { One } from './one.ts'\nexport type Two = One[]\n")
  assert.deepEqual(
    lint(),
    [
      ...imports.map(([place]) => `${place}/rejected.ts: eslint(no-restricted-imports)`),
      'shared/http/one.ts: import(no-cycle)',
      'shared/http/two.ts: import(no-cycle)',
    ].toSorted(),
  )
})

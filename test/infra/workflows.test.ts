import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'

// What the linter of workflows (`npm run check`) does not look at.
const root = path.join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}
interface Job {
  'runs-on': string
  'timeout-minutes'?: number
  permissions?: Record<string, string>
  environment?: unknown
  steps: Step[]
}
interface Workflow {
  permissions: object
  concurrency: object
  env?: Record<string, string>
  jobs: Record<string, Job>
}
const files = globSync('.github/workflows/*.yml', { cwd: root }).toSorted()
const workflows = files.map((file): Workflow => parse(read(file)))
const jobs = workflows.flatMap((workflow) => Object.entries(workflow.jobs))
const steps = jobs.flatMap(([, job]) => job.steps)

test('every action is pinned by its commit, with the version beside it, and the same everywhere', () => {
  const used = files.flatMap((file) =>
    [...read(file).matchAll(/uses: (.*)$/gm)].map(([, text = '']) => text),
  )
  for (const text of used) assert.match(text, /^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  const names = new Set(used.map((text) => text.split('@')[0]))
  assert.equal(new Set(used).size, names.size, [...new Set(used)].join('\n'))
  assert.ok(names.size > 3)
})

test('every job has a time limit and least privilege: it may log in only in a guarded environment', () => {
  for (const { permissions, concurrency } of workflows) {
    assert.deepEqual(permissions, {})
    assert.ok('group' in concurrency)
  }
  for (const [name, job] of jobs) {
    assert.ok((job['timeout-minutes'] ?? Infinity) <= 60, name)
    assert.match(job['runs-on'], /^ubuntu-\d\d\.\d\d$/, name)
    for (const [right, level] of Object.entries(job.permissions ?? { all: 'write' }))
      assert.ok(['contents: read', 'id-token: write'].includes(`${right}: ${level}`), name)
    assert.equal(job.environment !== undefined, job.permissions?.['id-token'] === 'write', name)
  }
})

test('no checkout keeps its token, and no script embeds foreign text', () => {
  for (const { uses, run, with: inputs } of steps) {
    if (uses?.startsWith('actions/checkout@')) assert.equal(inputs?.['persist-credentials'], false)
    assert.ok(!run?.includes('${{'), run)
    assert.ok(!uses?.startsWith('azure/login@') || !('creds' in (inputs ?? {})), 'no stored secret')
  }
  assert.doesNotMatch(files.map(read).join(''), /secrets\./)
})

test('the commands exist, and continuous integration runs every check', () => {
  const { scripts } = JSON.parse(read('package.json'))
  const commands = files.flatMap((file) =>
    [...read(file).matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name = '']) => name),
  )
  for (const name of commands) assert.ok(name in scripts || ['ci', 'audit'].includes(name), name)
  const here = [...read('.ci/run').matchAll(/^npm .*/gm)].map(([line]) =>
    line.replaceAll(/ (--no-\w+|&)/g, ''),
  )
  const there = steps.map(({ run }) => run ?? '')
  for (const line of here)
    assert.ok(
      there.some((run) => run.startsWith(line)),
      line,
    )
})

test('the deployment sets what the parameter file reads, with the same defaults', () => {
  const reads = read('infra/prod.bicepparam').matchAll(
    /readEnvironmentVariable\(\s*'(\w+)',\s*'([^']*)'\s*\)/g,
  )
  const wanted = [...reads].map(([, name = '', fallback = '']) => {
    const given = fallback === '' ? `vars.${name}` : `vars.${name} || '${fallback}'`
    return [
      name,
      name === 'PIPELINE_SUBJECT'
        ? 'repo:${{ github.repository }}:environment:prod'
        : `\${{ ${given} }}`,
    ]
  })
  const [deployment] = workflows.filter(({ env }) => env !== undefined)
  assert.ok(wanted.length > 10)
  assert.deepEqual(deployment?.env, Object.fromEntries(wanted))
})

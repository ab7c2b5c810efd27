/**
 * `npm run check:infra`: the templates compile and lint without a finding, warnings included; both parameter files build;
 * values out of bounds are refused; what would be deployed is what the committed snapshots say. Nothing is sent to Azure.
 * `npm run check:infra -- update` writes the snapshots anew; with `required` a missing compiler is a failure, not a skip.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const VERSION = '0.49.2' // as in tools/bicep.csproj
const CONCURRENCY = 3 // a run takes 4 s and some hundred MB

const folder = import.meta.dirname
const tools = join(folder, 'tools')
const snapshotMode = process.argv.includes('update') ? 'overwrite' : 'validate'

/** What the parameter files read from the environment, fixed for the snapshots; prod's takes every branch. */
const keys = { PLATFORM_TOKEN_JWKS_URL: 'https://keys.example/{issuer}/jwks' }
const fixed = {
  main: keys,
  prod: {
    ...keys,
    PLATFORM_TOKEN_ISSUERS: 'ttd,digdir',
    ALLOWED_ADDRESSES: '203.0.113.0/24,2001:db8::/32',
    ALERT_EMAILS: 'alerts@example.com',
    OPERATOR_PRINCIPAL_ID: '11111111-1111-1111-1111-111111111111',
    PIPELINE_SUBJECT: 'repo:owner/name:environment:prod',
  },
}

interface Ran {
  ok: boolean
  output: string
  messages: string[]
}

interface Compiler {
  from: string
  version: string
  /** Runs it in this folder; the environment has nothing that a parameter file reads, but what is given. */
  run: (args: string[], environment?: Record<string, string>) => Promise<Ran>
}

interface Step {
  name: string
  findings: () => Promise<string[]>
}

/** Runs a program to its end. Never rejects: one that cannot be started has failed. */
function run(file: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env, maxBuffer: 2 ** 26, timeout: 120_000 }
    execFile(file, args, options, (error, output, messages) => {
      resolve({ ok: error === null, output, messages: lines(messages) })
    })
  })
}

function lines(text: string): string[] {
  return stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => line.trim() !== '')
}

/** The environment without what the parameter files read: a developer's own settings must change nothing. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const texts = Object.keys(fixed).map((name) =>
    readFileSync(join(folder, `${name}.bicepparam`), 'utf8'),
  )
  const read = new Set(
    [...texts.join().matchAll(/readEnvironmentVariable\(\s*'(\w+)'/g)].map(([, name]) => name),
  )
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !read.has(name)))
}

/** The compiler of the path, of the Azure CLI (`az bicep install`), or of NuGet. Undefined where there is none. */
async function findCompiler(): Promise<Compiler | undefined> {
  const azure = process.env['AZURE_CONFIG_DIR'] ?? join(homedir(), '.azure')
  return (
    (await tryCompiler('PATH', 'bicep')) ??
    (await tryCompiler('the Azure CLI', join(azure, 'bin', 'bicep'))) ??
    (await restoreCompiler())
  )
}

async function tryCompiler(from: string, file: string): Promise<Compiler | undefined> {
  const { ok, output } = await run(file, ['--version'])
  if (!ok) return undefined
  const bare = bareEnvironment()
  return {
    from,
    version: output.trim(),
    run: (args, given) => run(file, args, { ...bare, ...given }),
  }
}

/** Fetches the compiler from NuGet, the first time; says why where that fails. */
async function restoreCompiler(): Promise<Compiler | undefined> {
  const system = process.platform.replace('darwin', 'osx').replace('win32', 'win')
  const platform = `${system}-${process.arch}`
  const file = join(tools, `packages/azure.bicep.commandline.${platform}/${VERSION}/tools/bicep`)
  if (!existsSync(file) && !existsSync(`${file}.exe`)) {
    const project = join(tools, 'bicep.csproj')
    const { ok, output } = await run('dotnet', [
      'restore',
      project,
      '--nologo',
      `-p:BicepPlatform=${platform}`,
    ])
    rmSync(join(tools, 'obj'), { recursive: true, force: true })
    if (!ok)
      for (const line of lines(output).filter((text) => text.includes('error')))
        console.log(line.trim())
  }
  return await tryCompiler('NuGet', file)
}

/** Every line the compiler writes as a message is a finding, and so is a failure without one. */
function findings({ ok, output, messages }: Ran): string[] {
  return ok || messages.length > 0 ? messages : [`failed: ${output.slice(-500)}`]
}

/** Findings: the values of tools/refused.bicepparam that the compiler takes, though it should not. */
async function accepted(compiler: Compiler): Promise<string[]> {
  const file = join(tools, 'refused.bicepparam')
  const { messages } = await compiler.run(['build-params', file, '--stdout'])
  const refused = messages.map((message) => Number(/\((\d+),\d+\) : Error/.exec(message)?.[1]))
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line, index) => line.startsWith('param ') && !refused.includes(index + 1))
    .map((line) => `taken, though out of bounds: ${line}`)
}

/** Findings: where what would be deployed differs from the snapshot beside the parameter file. */
async function differences(compiler: Compiler, name: string, environment: Record<string, string>) {
  const place = [
    '--subscription-id',
    '00000000-0000-0000-0000-000000000000',
    '--location',
    'norwayeast',
  ]
  const ran = await compiler.run(
    ['snapshot', `${name}.bicepparam`, '--mode', snapshotMode, ...place],
    environment,
  )
  return ran.ok ? ran.messages : [...ran.messages, ...lines(ran.output)]
}

function stepsWith(compiler: Compiler): Step[] {
  const compile = (...args: string[]) => ({
    name: args.filter((arg) => !arg.startsWith('-')).join(' '),
    findings: async () => findings(await compiler.run(args)),
  })
  return [
    compile('build', 'main.bicep', '--stdout'),
    compile('lint', 'main.bicep'),
    ...Object.keys(fixed).map((name) => compile('build-params', `${name}.bicepparam`, '--stdout')),
    { name: 'refuse values out of bounds', findings: () => accepted(compiler) },
    ...Object.entries(fixed).map(([name, environment]) => ({
      name: `snapshot ${name}.bicepparam, ${snapshotMode}`,
      findings: () => differences(compiler, name, environment),
    })),
  ]
}

/** Does the steps, some at a time; says of each how it went and how long it took. True if none found anything. */
async function doAll(steps: Step[]): Promise<boolean> {
  const left = steps.values()
  const told = new Set<string>() // several steps find the same
  async function work(): Promise<boolean> {
    let isClean = true
    for (const step of left) {
      const start = performance.now()
      const found = await step.findings()
      report(found.length === 0 ? 'ok' : 'FAILED', step.name, start)
      for (const finding of found.filter((text) => !told.has(text))) console.log(`  ${finding}`)
      for (const finding of found) told.add(finding)
      isClean &&= found.length === 0
    }
    return isClean
  }
  const results = await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return results.every(Boolean)
}

function report(status: string, name: string, start: number): void {
  console.log(
    `${status.padEnd(6)} ${name.padEnd(40)} ${((performance.now() - start) / 1000).toFixed(1)} s`,
  )
}

const start = performance.now()
const compiler = await findCompiler()
if (compiler === undefined) {
  const isRequired = process.argv.includes('required')
  console.log(
    `${isRequired ? 'FAILED' : 'skipped'}: no Bicep compiler (looked for bicep on the path, az bicep, and NuGet through dotnet)`,
  )
  process.exitCode = isRequired ? 1 : 0
} else {
  report('found', `${compiler.version}, from ${compiler.from}`, start)
  if (!compiler.version.includes(VERSION))
    console.log(`note   the snapshots were made with ${VERSION}`)
  const isClean = await doAll(stepsWith(compiler))
  report(isClean ? 'passed' : 'FAILED', 'check:infra', start)
  process.exitCode = isClean ? 0 : 1
}

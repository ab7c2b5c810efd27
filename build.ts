import { build, type BuildOptions, type Plugin } from 'esbuild'
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { parse } from 'yaml'

// Heavy SDKs: each a file of its own beside the main one, read when first asked for, so that registering does not wait.
const packages = ['@azure/cosmos', '@azure/core-rest-pipeline', '@azure/identity', 'jwks-rsa']
const telemetry = './telemetry-export.ts' // of shared/telemetry/: OpenTelemetry's SDK, which most apps never load
const beside = [...packages, telemetry]
const fileOf = (name: string) => `${path.basename(name, '.ts')}.cjs`

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'import.meta.dirname': '__dirname' }, // CommonJS has no import.meta
  supported: { 'dynamic-import': false }, // import() of a bundled CommonJS package has no named exports; require() has
}

const loadBeside: Plugin = {
  name: 'load-beside',
  setup(builder) {
    const filter = new RegExp(`^(${beside.join('|').replaceAll('.', String.raw`\.`)})$`)
    builder.onResolve({ filter }, ({ path: name, kind }) =>
      kind === 'dynamic-import'
        ? { path: `./${fileOf(name)}`, external: true }
        : { errors: [{ text: `${name} must be loaded with import(), not at start` }] },
    )
  },
}

// jsonwebtoken asks this version of Node.js for what every one has had since 16.9, and loads semver for it: 5 ms of a start.
const knowVersion: Plugin = {
  name: 'know-version',
  setup(builder) {
    const filter =
      /jsonwebtoken[\\/]lib[\\/](asymmetricKeyDetails|rsaPssKeyDetails|ps)Supported\.js$/
    builder.onLoad({ filter }, () => ({ contents: 'module.exports = true' }))
  },
}

// Joi parses the 200 messages of its types as it loads, a tenth of registering. Here it parses each when it is first used.
const parseMessagesLater: Plugin = {
  name: 'parse-messages-later',
  setup(builder) {
    builder.onLoad({ filter: /joi[\\/]lib[\\/]template\.js$/ }, ({ path: file }) => ({
      contents: [
        ['this._template = null;', ''],
        ['this._parse();', ''],
        ['this._template = processed;', 'this._parts = processed;'],
        [
          '_parse() {',
          `get _template() {
            if (this._parts === undefined) { this._parts = null; this._parse(); }
            return this._parts;
          }
          _parse() {`,
        ],
      ].reduce(
        (text, [from = '', to = '']) => replaceOnce(text, from, to),
        readFileSync(file, 'utf8'),
      ),
    }))
  },
}

/** Throws where the text is not there once, as after an update of the library. */
function replaceOnce(text: string, from: string, to: string): string {
  const [before, after, ...more] = text.split(from)
  if (after === undefined || more.length > 0) throw new Error(`not there once: ${from}`)
  return `${before}${to}${after}`
}

rmSync('dist', { recursive: true, force: true })
const functions = globSync('functions/*.ts').toSorted()
await build({
  ...common,
  stdin: { contents: functions.map((file) => `import './${file}'`).join('\n'), resolveDir: '.' },
  external: ['@azure/functions-core'], // the worker provides it
  plugins: [loadBeside, knowVersion, parseMessagesLater],
  sourcemap: true,
  sourcesContent: false, // 9.8 MB less to parse; stacks still point at the lines of the sources
  outfile: 'dist/main.cjs',
})
for (const name of beside)
  await build({
    ...common,
    stdin: { contents: `export * from '${name}'`, resolveDir: 'shared/telemetry' },
    outfile: `dist/${fileOf(name)}`,
  })
// The queue SDK is only the local host's and the tests': one file loads in a tenth of the time of its 300.
await build({
  ...common,
  stdin: { contents: "export * from '@azure/storage-queue'", resolveDir: '.' },
  outfile: 'node_modules/.cache/storage-queue.cjs',
})
const description: unknown = parse(readFileSync('docs/openapi.yaml', 'utf8'))
writeFileSync('dist/openapi.json', JSON.stringify(description))

// The console: a page, a style sheet, and a script that loads each page's own when it is opened. Every name but the page's
// has its content's hash in it; the host compresses nothing, so each file has its gzip beside it.
const { metafile } = await build({
  bundle: true,
  entryPoints: ['console/main.tsx'],
  format: 'esm',
  splitting: true,
  minify: true,
  target: 'es2023',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  outdir: 'dist/console',
})
const site = '/events/api/v1/console' // routePrefix in host.json
const preloads = importsOf(`dist/console/${builtFile('main-[A-Z0-9]+.js')}`).map(
  (file) => `<link rel="modulepreload" href="${site}/${path.basename(file)}" />`,
)
const page = ['js', 'css'].reduce(
  (html, kind) =>
    html.replace(`{{main.${kind}}}`, `${site}/${builtFile(`main-[A-Z0-9]+.${kind}`)}`),
  readFileSync('console/index.html', 'utf8').replace('{{preloads}}', preloads.join('\n    ')),
)
writeFileSync('dist/console/index.html', page)
for (const file of globSync('dist/console/*'))
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }))

function builtFile(pattern: string): string {
  const files = Object.keys(metafile.outputs).map((file) => path.basename(file))
  const found = files.find((file) => new RegExp(`^${pattern}$`).test(file))
  if (found === undefined) throw new Error(`the build made no ${pattern}`)
  return found
}

/** Returns the scripts that one needs before it runs: named in the page, they are all asked for at once. */
function importsOf(file: string, found = new Set<string>()): string[] {
  for (const each of metafile.outputs[file]?.imports ?? []) {
    if (each.kind !== 'import-statement' || found.has(each.path)) continue
    found.add(each.path)
    importsOf(each.path, found)
  }
  return [...found]
}

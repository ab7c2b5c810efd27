// `npm run proof [-- --long]`: runs all proofs in sequence and writes docs/proof.md. Stops at the first proof that fails,
// and leaves the page unchanged.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { writePage } from './page.ts'
import { deleteResults, resultFile } from './results.ts'

const proofs = ['loss', 'attacks', 'speed', 'simulation', 'mutants']
const programs: Record<string, string[]> = {
  simulation: ['../test/simulation/run.ts', '--seeds', '2000', '--out', resultFile('simulation')],
  mutants: ['../test/mutation/run.ts', '--limit', '300', '--out', resultFile('mutants')],
}

deleteResults()
for (const [number, name] of proofs.entries()) {
  console.log(`\n━━ Proof ${number + 1} of ${proofs.length}: ${name}`)
  const [file = '', ...options] = programs[name] ?? [`${name}.ts`, ...process.argv.slice(2)]
  const script = path.join(import.meta.dirname, file)
  const flags = [script, ...options]
  const [code] = await once(spawn(process.execPath, flags, { stdio: 'inherit' }), 'exit')
  if (code !== 0) {
    console.error(`The proof ${name} failed.`)
    process.exit(1)
  }
}
await writePage()
console.log('\nThe results are in docs/proof.md.')

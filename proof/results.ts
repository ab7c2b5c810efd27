import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const folder = path.join(import.meta.dirname, '.results')

/** Returns the file of a proof's result. */
export const resultFile = (name: string): string => path.join(folder, `${name}.json`)

/** Saves the result of a proof in proof/.results/NAME.json, for docs/proof.md. */
export function saveResult(name: string, data: object): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(resultFile(name), `${JSON.stringify(data, undefined, 2)}\n`)
}

/** Deletes all results and the logs of the hosts, so that the page shows one run. */
export function deleteResults(): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
}

/** Returns the last saved result. Throws when that proof has not run. */
export function loadResult(name: string): string {
  return readFileSync(resultFile(name), 'utf8')
}

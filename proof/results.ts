import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const folder = path.join(import.meta.dirname, '.results')

/** Keeps what a proof found, in proof/.results/NAME.json, until docs/proof.md is made of it. */
export function saveResult(name: string, data: object): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(data, undefined, 2)}\n`)
}

/** Forgets them all, and the logs of the hosts: a page is made of one run. */
export function forgetResults(): void {
  rmSync(folder, { recursive: true, force: true })
}

/** What `saveResult` kept last. Throws where that proof has not run here. */
export function loadResult(name: string): string {
  return readFileSync(path.join(folder, `${name}.json`), 'utf8')
}

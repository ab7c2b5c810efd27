import { createRequire } from 'node:module'
import { suite } from 'node:test'

const require = createRequire(import.meta.url)

/**
 * Runs test files of a folder in this process, `concurrency` at a time, each as a suite: what it does before and after its
 * tests is done then. A file has no `await` outside functions, as `require` demands.
 */
export function runTogether(folder: string, names: string[], concurrency = 1): void {
  suite(folder, { concurrency }, () => {
    for (const name of names)
      suite(`${folder}/${name}`, { concurrency: 1 }, () => {
        require(`../${folder}/${name}.test.ts`)
      })
  })
}

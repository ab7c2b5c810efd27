import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const parts = ['package.json', 'functions', 'shared', 'local', 'test']

/** A copy of the tree, in which a file can be changed without anybody seeing it. */
export interface Copy {
  folder: string
  write: (file: string, text: string) => Promise<void>
  remove: () => Promise<void>
}

/** Copies the sources and the tests; what is installed is linked. */
export async function copyTree(): Promise<Copy> {
  const folder = await mkdtemp(join(tmpdir(), 'mutants-'))
  for (const part of parts) await cp(join(root, part), join(folder, part), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  return {
    folder,
    write: (file, text) => writeFile(join(folder, file), text),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

// The program as people have it: a bundle in a folder of its own, without the sources that bin/ would rather run.
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { build } from './build.ts'

const root = path.dirname(import.meta.dirname)

/** Builds this working copy and lays the program out under `folder`: `bin/holdfast.js` there runs it. */
export async function installProgram(folder: string): Promise<void> {
  await build({ types: 'trust' })
  for (const part of ['bin', 'dist', 'package.json']) {
    await cp(path.join(root, part), path.join(folder, part), { recursive: true })
  }
}

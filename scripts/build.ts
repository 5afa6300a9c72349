// Compiles src/ to dist/, whole or not at all: a failed build leaves the one before.
import { mkdtemp, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProgram } from './servers/run-program.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/**
 * Builds dist/ afresh, so that nothing of a removed source file stays in it. Tests build without type check: types are
 * a check of their own, and a test should show what the code does.
 */
export async function build(options: { readonly types: 'check' | 'trust' }): Promise<void> {
  const work = await mkdtemp(path.join(root, 'node_modules', '.build-'))
  try {
    const output = path.join(work, 'new')
    await runProgram(
      'tsc',
      ['-p', 'tsconfig.build.json', '--outDir', output, ...(options.types === 'trust' ? ['--noCheck'] : [])],
      { cwd: root },
    )
    await rename(path.join(root, 'dist'), path.join(work, 'old')).catch(ignoreMissing)
    await rename(output, path.join(root, 'dist'))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

if (import.meta.main) {
  await build({ types: 'check' })
}

// Bundles src/ and the libraries it uses to dist/, whole or not at all: a failed build leaves the one before.
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as bundle, type Metafile } from 'esbuild'
import { runProgram } from './servers/run-program.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/**
 * Builds dist/ afresh, so that nothing of a removed source file stays in it. Tests build without type check: types are
 * a check of their own, and a test should show what the code does.
 *
 * A bundle because every start of a program or of a thread looks up, reads and links each of its files: a hundred of our own and as many of
 * libraries took a third of the time of a small backup.
 */
export async function build(options: { readonly types: 'check' | 'trust' }): Promise<void> {
  const work = await mkdtemp(path.join(root, 'node_modules', '.build-'))
  try {
    if (options.types === 'check') await runProgram('tsc', ['-p', '.'], { cwd: root })
    const output = path.join(work, 'new')
    const { metafile } = await bundle({
      absWorkingDir: root,
      // What is started by its file name; the names of all else are the bundler's.
      entryPoints: {
        main: 'src/cli/main.ts',
        'reader-thread': 'src/operations/threads/reader-thread.ts',
        'store-thread': 'src/operations/threads/store-thread.ts',
      },
      outdir: output,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node24.12',
      // Names and lines stay, for a stack in a report of a bug is to be read without the map.
      minify: false,
      sourcemap: true,
      metafile: true,
      logLevel: 'warning',
    })
    await writeFile(path.join(output, 'third-party-licenses.txt'), await licenses(metafile))
    await rename(path.join(root, 'dist'), path.join(work, 'old')).catch(ignoreMissing)
    await rename(output, path.join(root, 'dist'))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** The licenses of all libraries of which something is in the bundle, as they ask for. */
async function licenses({ inputs }: Metafile): Promise<string> {
  const libraries = new Set<string>()
  for (const file of Object.keys(inputs)) {
    const library = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]
    if (library !== undefined) libraries.add(library)
  }
  const texts = [...libraries].toSorted().map(async (library) => {
    const folder = path.join(root, library)
    const name = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
    if (name === undefined) throw new Error(`${library} has no license to go with the bundle`)
    return `${library.replace(/^.*node_modules\//, '')}\n\n${await readFile(path.join(folder, name), 'utf8')}`
  })
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`)
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

if (import.meta.main) {
  await build({ types: 'check' })
}

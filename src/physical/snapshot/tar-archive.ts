// The files of a data directory as one compressed archive of tar, which needs nothing of ours to be unpacked.
import { mkdir, mkdtemp, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { EmitEvent } from '../../core/events.ts'
import type { Flavour } from '../../core/flavour.ts'
import { pourFiles } from '../cold/pour-files.ts'
import type { Survey } from '../cold/survey.ts'
import { Pouring } from '../pour/pouring.ts'
import { hostProgram, runHostProgram } from './host-program.ts'

export interface TarOptions {
  readonly survey: Survey
  readonly flavour: Flavour
  /** A new file. */
  readonly file: string
  /** Small files beside the data, in a folder of their own. */
  readonly notes: readonly { readonly name: string; readonly text: string }[]
  readonly emit: EmitEvent
  readonly signal: AbortSignal
}

/** Throws TOOL_MISSING; to be asked before anybody waits. */
export async function requireTar(): Promise<void> {
  for (const program of ['tar', 'gzip']) await hostProgram(program)
}

/** Checks every page, then writes the archive: whole under its name, or not at all. Answers its bytes. Throws PAGE_DAMAGED, and what tar says. */
export async function writeTar(options: TarOptions): Promise<number> {
  const { survey, file, notes, emit, signal } = options
  emit({ type: 'phase', phase: 'checking pages' })
  await checkPages(options)
  emit({ type: 'phase', phase: 'writing the archive', detail: file })
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-tar-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const list = path.join(folder, 'list')
  await writeFile(list, [...survey.folders, ...survey.files].map((entry) => `${entry.path}\0`).join(''))
  const noted = notes.map(({ name }) => path.join(notesFolder, name))
  await mkdir(path.join(folder, notesFolder))
  for (const { name, text } of notes) await writeFile(path.join(folder, notesFolder, name), text)
  const partial = `${file}.partial`
  // It holds everything: tar keeps the mode of a file that is there.
  await writeFile(partial, '', { mode: 0o600, flag: 'wx' })
  parts.defer(() => rm(partial, { force: true }))
  const form = ['--create', '--gzip', '--sparse', '--format=pax', '--no-recursion', `--file=${partial}`]
  // mylvmbackup has these two folders in its archives. What links point at is left as it is.
  const names = `--transform=flags=rSH;s,^,mysql/,;s,^mysql/${notesFolder}/,backup-pos/,`
  const data = [`--directory=${survey.directory}`, '--null', '--verbatim-files-from', `--files-from=${list}`]
  await runHostProgram('tar', [...form, names, ...data, `--directory=${folder}`, ...noted], signal)
  return await finish(partial, file)
}

/** No schema has such a name: in a file name its @ would be @0040. */
const notesFolder = 'holdfast@notes'

/** A pass over all pages, of which nothing is kept. */
async function checkPages({ survey, flavour, emit, signal }: TarOptions): Promise<void> {
  const pouring = new Pouring({ putChunk: () => Promise.resolve('') })
  try {
    await pourFiles(survey, flavour, { pouring, emit, signal })
    await pouring.finish()
  } finally {
    await pouring.settle()
  }
}

async function finish(partial: string, file: string): Promise<number> {
  await using handle = await open(partial, 'r')
  await handle.sync()
  await rename(partial, file)
  const { size } = await stat(file)
  return size
}

// Restored files of mariadb-backup or xtrabackup, made into a data directory by its own --prepare.
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { EmitEvent } from '../../core/events.ts'
import { startProgram } from '../../process/start-program.ts'
import type { BackupProgram } from '../mariadb-backup/backup-program.ts'
import { explainFailure } from '../mariadb-backup/explain-failure.ts'
import { notePattern } from '../mariadb-backup/stream-intake.ts'

export interface PrepareOptions {
  readonly program: BackupProgram
  /** Absolute. */
  readonly directory: string
  readonly emit?: EmitEvent | undefined
  readonly signal?: AbortSignal | undefined
}

const optionNote = 'backup-my.cnf'

/** Applies the redo log that was copied. Throws what the program failed of; the directory is of no use then. */
export async function prepareFiles({ program, directory, emit, signal }: PrepareOptions): Promise<void> {
  emit?.({ type: 'phase', phase: 'preparing', detail: `with ${program.path} (${program.version})` })
  // What the program noted of the server: size of pages, data files, and where the key of what is encrypted lies.
  const isNoted = (await readdir(directory)).includes(optionNote)
  const defaults = isNoted ? `--defaults-file=${path.join(directory, optionNote)}` : '--no-defaults'
  const args = [defaults, '--prepare', `--target-dir=${directory}`]
  await using running = await startProgram(program.path, args, { cwd: directory, signal })
  running.stdout.resume()
  const end = await running.ended
  signal?.throwIfAborted()
  if (end.status !== 0 || !/completed OK!\s*$/.test(end.said))
    throw explainFailure(program.name, 'prepare the files', end)
  // Its notes on the backup are no files of a server.
  for (const name of await readdir(directory))
    if (notePattern.test(name)) await rm(path.join(directory, name))
}

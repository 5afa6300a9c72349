// Restored files of mariadb-backup or xtrabackup, made into a data directory by its own --prepare.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
import type { EmitEvent } from '../../core/events.ts'
import { hostCause } from '../../process/host-cause.ts'
import { type ProgramEnd, startProgram } from '../../process/start-program.ts'
import type { BackupProgram } from '../mariadb-backup/backup-program.ts'
import { explainFailure } from '../mariadb-backup/explain-failure.ts'
import { ownFilePattern } from '../mariadb-backup/stream-intake.ts'

export interface PrepareOptions {
  readonly program: BackupProgram
  /** Absolute. */
  readonly directory: string
  readonly emit?: EmitEvent | undefined
  readonly signal?: AbortSignal | undefined
}

const optionNote = 'backup-my.cnf'

/** Applies the redo log that was copied. Throws what the program failed of, and HOST_TROUBLE or DISK_FULL where that is this host; the directory is of no use then. */
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
  if (end.status !== 0 || !/completed OK!\s*$/.test(end.said)) throw explainPreparing(program, end)
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(directory, entry.name)
    // Its notes on the backup are no files of a server.
    if (ownFilePattern.test(entry.name)) await rm(file)
    else if (entry.name.endsWith('.index')) await nameLogsHere(file)
  }
  if (program.name === 'xtrabackup') await mkdir(path.join(directory, redoFolder), { recursive: true })
}

function explainPreparing({ name }: BackupProgram, end: ProgramEnd): HoldfastError {
  const failed = explainFailure(name, 'prepare the files', end)
  const host = hostCause(end)
  if (host === undefined) return failed
  return new HoldfastError(host.code, `${failed.message}: ${host.says}`, failed.details)
}

/** MySQL 8.0.30 and newer does not start without it, and makes the log itself. */
const redoFolder = '#innodb_redo'

/**
 * xtrabackup copies the last binary log with its index, which names logs where the server had them: a server that recovers would open, and perhaps cut off, those
 * of the server in production.
 */
async function nameLogsHere(index: string): Promise<void> {
  const lines = (await readFile(index, 'utf8')).split('\n').filter((line) => line !== '')
  const here = new Set(await readdir(path.dirname(index)))
  const names = lines.map((line) => path.basename(line)).filter((name) => here.has(name))
  await writeFile(index, names.map((name) => `./${name}\n`).join(''))
}

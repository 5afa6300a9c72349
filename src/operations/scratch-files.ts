// The files of a backup in a folder that is gone afterwards, for a server of our own to recover them there.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { BackupSource } from '../core/backup.ts'
import type { PhysicalContent } from '../physical/content.ts'
import { restoreFiles } from '../physical/restore/restore-files.ts'
import type { UseCase } from './backup-instance.ts'
import { requireRoom } from './require-room.ts'

export interface ScratchOptions extends UseCase {
  readonly backup: BackupSource
  readonly content: PhysicalContent
  /** The system's folder for temporary files by default. */
  readonly scratch: string | undefined
}

export interface ScratchFiles extends AsyncDisposable {
  /** Absolute. */
  readonly directory: string
}

/** Throws DISK_FULL before a byte is written, and what restoring files throws. */
export async function writeScratchFiles({
  backup,
  content,
  scratch = tmpdir(),
  emit,
  signal,
}: ScratchOptions): Promise<ScratchFiles> {
  await using parts = new AsyncDisposableStack()
  const directory = await mkdtemp(path.join(path.resolve(scratch), 'holdfast-recover-'))
  parts.defer(() => rm(directory, { recursive: true, force: true }))
  await requireRoom(directory, content)
  emit({ type: 'phase', phase: 'writing files', detail: directory })
  await restoreFiles(backup, content, { directory, signal, emit })
  const owned = parts.move()
  return { directory, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

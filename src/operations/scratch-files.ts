// The files of a backup in a folder that is gone afterwards, for a server of our own to recover them there.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { BackupSource } from '../core/backup.ts'
import { counted } from '../core/counted.ts'
import { HoldfastError } from '../core/errors.ts'
import type { PhysicalContent } from '../physical/content.ts'
import { outsideFiles } from '../physical/restore/outside-files.ts'
import { restoreFiles } from '../physical/restore/restore-files.ts'
import { makeFolder } from '../storage/make-folder.ts'
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

/** Throws UNSUPPORTED for files outside of the data directory, USAGE for a place where no folder can be made, DISK_FULL before a byte is written, and what restoring files throws. */
export async function writeScratchFiles({
  backup,
  content,
  scratch = tmpdir(),
  emit,
  signal,
}: ScratchOptions): Promise<ScratchFiles> {
  refuseOutside(content)
  await using parts = new AsyncDisposableStack()
  const directory = await makeScratch(path.resolve(scratch))
  parts.defer(() => rm(directory, { recursive: true, force: true }))
  await requireRoom(directory, content)
  emit({ type: 'phase', phase: 'writing files', detail: directory })
  await restoreFiles(backup, content, { directory, signal, emit })
  const owned = parts.move()
  return { directory, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** They would come to where they lay, which may be another server's place, and nobody would take them away afterwards. */
function refuseOutside(content: PhysicalContent): void {
  const outside = outsideFiles(content)
  const [first] = outside
  if (first === undefined) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `the backup has ${counted(outside.length, 'file')} outside of the data directory (${first}${outside.length > 1 ? ', …' : ''}), which cannot be put into a folder for a while`,
    { path: first },
    {
      hint: 'On a host that has nothing at these places, restore the whole instance: holdfast restore NAME --datadir DIR',
    },
  )
}

/** A folder of its own in `scratch`, which is made and stays where it was not there. */
async function makeScratch(scratch: string): Promise<string> {
  try {
    await makeFolder(scratch)
    return await mkdtemp(path.join(scratch, 'holdfast-recover-'))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new HoldfastError(
      'USAGE',
      `no folder can be made in ${scratch}: ${String(error.code)}`,
      { scratch },
      { cause: error, hint: 'Name a folder that can be written to with --scratch DIR.' },
    )
  }
}

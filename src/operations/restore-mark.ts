// The mark of a restore that is under way in a directory: what tells a half-written data directory from a sound one.
import { open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { HoldfastError } from '../core/errors.ts'
import { markName, partialMarkName } from '../physical/restore/existing-files.ts'
import { syncFolder } from '../storage/durable-file.ts'
import { isGoneSinceBoot, ownProcessMark, processMark } from '../storage/process-mark.ts'
import { systemErrorCode } from '../storage/store-errors.ts'

const document = z.object({
  format: z.literal(1),
  what: z.string(),
  /** Name of the instance in its repository. */
  source: z.string(),
  backup: z.string(),
  directory: z.string(),
  /** The directory held something else before. */
  isInPlace: z.boolean(),
  /** Nothing of that is left but what is written over: all else there came of the restore. */
  isCleared: z.boolean(),
  /** Files of the backup outside of the directory, where nothing was before: what is there now came of the restore. */
  outside: z.array(z.string()).readonly().optional(),
  begunAt: z.string(),
  process: processMark,
})

export type RestoreMark = Readonly<z.infer<typeof document>>

const what =
  'A restore is writing this directory, or was interrupted: start no server on it. The same holdfast restore, run again, goes on; this file goes when it is done.'

/** Undefined where no restore was begun, or the last one was done. Throws TARGET_NOT_EMPTY for a mark that cannot be understood. */
export async function readMark(directory: string): Promise<RestoreMark | undefined> {
  const file = path.join(directory, markName)
  try {
    return document.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code !== undefined) throw error
    throw new HoldfastError(
      'TARGET_NOT_EMPTY',
      `${file} is no mark of a restore that this version understands`,
      { file },
      { cause: error, hint: 'Restore into a new directory; nothing was changed.' },
    )
  }
}

/** On disk when this returns. */
export async function setMark(mark: Omit<RestoreMark, 'format' | 'what' | 'process'>): Promise<void> {
  const { directory } = mark
  const file = path.join(directory, markName)
  const partial = path.join(directory, partialMarkName)
  {
    await using handle = await open(partial, 'w', 0o600)
    const text = JSON.stringify(
      { format: 1, what, ...mark, process: ownProcessMark() } satisfies RestoreMark,
      null,
      2,
    )
    await handle.writeFile(`${text}\n`)
    await handle.sync()
  }
  await rename(partial, file)
  await syncFolder(directory)
}

export async function removeMark(directory: string): Promise<void> {
  await rm(path.join(directory, markName))
  await syncFolder(directory)
}

/** Throws TARGET_NOT_EMPTY while the restore that set it may go on. */
export function requireEnded({ process: holder, directory, begunAt }: RestoreMark): void {
  if (isGoneSinceBoot(holder)) return
  throw new HoldfastError(
    'TARGET_NOT_EMPTY',
    `process ${holder.pid} on ${holder.host} is restoring into ${directory} since ${begunAt}`,
    { directory, pid: holder.pid, host: holder.host },
    {
      hint: `Wait for its end. Where it is certain that it runs no more, remove ${path.join(directory, markName)} and say --in-place.`,
    },
  )
}

/** Throws UNSUPPORTED for a directory that is half written, and so no server's. */
export async function refuseUnfinished(directory: string): Promise<void> {
  const mark = await readMark(directory)
  if (mark === undefined) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `${directory} is unfinished: a restore of ${mark.source} was begun in it at ${mark.begunAt} and has not ended`,
    { directory },
    { hint: 'Finish it first, by the same holdfast restore run again.' },
  )
}

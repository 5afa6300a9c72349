// How a file comes to be at its name whole and for good, or not at all.
import { randomBytes } from 'node:crypto'
import { link, open, readdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder } from './make-folder.ts'
import { isCertainlyGone, ownProcessMark, type ProcessMark } from './process-mark.ts'
import { systemErrorCode } from './store-errors.ts'
import { writePastCache } from './write-past-cache.ts'

/** Temporary files of a store lie in one folder, so that what a dead process left is found without a search. */
export const temporaryFolder = '.tmp'

// A pack of 32 MiB on a slow mount takes seconds: who is cancelled need not wait for all of it.
const writeBytes = 4 * 1024 * 1024

/** A temporary file of a process that nobody can ask about (another host) is left alone for a week. */
const forgottenAfterMs = 7 * 24 * 3600 * 1000

/**
 * Writes `bytes` to `path` unless there is such a file. The bytes go to a temporary file that is fsynced and then linked:
 * link(2) is atomic and fails with EEXIST when the name is taken, also on NFS. The folder is fsynced last, since the name
 * is an entry of the folder and not of the file (fsync(2), "Calling fsync() does not necessarily ensure ...").
 * An abort leaves no file: it is looked for until the link is made.
 */
export async function createDurably(
  root: string,
  path: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<'created' | 'exists'> {
  const temporary = join(root, temporaryFolder, temporaryName())
  const folder = dirname(path)
  await ensureFolder(folder)
  await ensureFolder(dirname(temporary))
  try {
    await writeAndSync(temporary, bytes, signal)
    signal?.throwIfAborted()
    try {
      await link(temporary, path)
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error
      // The other writer may have been killed between its link and its fsync of the folder, and we answer for its file.
      await syncFolder(folder)
      return 'exists'
    }
  } finally {
    await removeIfThere(temporary)
  }
  await syncFolder(folder)
  return 'created'
}

async function writeAndSync(path: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    let written = await writePastCache(path, bytes, writeBytes, signal)
    while (written < bytes.length) {
      signal?.throwIfAborted()
      const length = Math.min(writeBytes, bytes.length - written)
      written += (await file.write(bytes, written, length, written)).bytesWritten
    }
    signal?.throwIfAborted()
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a folder and those above it, each durably an entry of the one above. */
export async function ensureFolder(path: string): Promise<void> {
  const first = await makeFolder(path)
  if (first === undefined) return
  for (let folder = path; ; folder = dirname(folder)) {
    await syncFolder(dirname(folder))
    if (folder === first || folder === dirname(folder)) return
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
  }
}

/** Removes what killed writers left behind; files of living processes stay. */
export async function removeLeftovers(root: string, nowMs: number): Promise<void> {
  const folder = join(root, temporaryFolder)
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return
    throw error
  }
  for (const name of names) {
    const writer = parseTemporaryName(name)
    if (writer === undefined) continue
    if (!isCertainlyGone(writer.mark) && nowMs - writer.createdMs < forgottenAfterMs) continue
    await removeIfThere(join(folder, name))
  }
}

/** The writer's mark, the time and some random digits, each in a form that has no '+'. */
function temporaryName(): string {
  const mark = ownProcessMark()
  const fields = [mark.host, mark.bootId, mark.pidNamespace, String(mark.pid), mark.startTicks]
  const hex = fields.map((field) => Buffer.from(field).toString('base64url'))
  return [...hex, String(Date.now()), randomBytes(8).toString('hex')].join('+')
}

function parseTemporaryName(name: string): { mark: ProcessMark; createdMs: number } | undefined {
  const fields = name.split('+')
  if (fields.length !== 7) return undefined
  const texts = fields.slice(0, 5).map((field) => Buffer.from(field, 'base64url').toString())
  const [host = '', bootId = '', pidNamespace = '', pid = '', startTicks = ''] = texts
  if (!/^[1-9]\d{0,9}$/.test(pid) || !/^\d{1,15}$/.test(fields[5] ?? '')) return undefined
  return { mark: { host, bootId, pidNamespace, pid: Number(pid), startTicks }, createdMs: Number(fields[5]) }
}

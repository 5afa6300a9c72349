// Writing past the page cache: a pack is read again much later, if ever, and its way through the cache costs twice the
// time of the write itself and pushes out what the database beside us keeps there.
import { constants, open } from 'node:fs/promises'
import { systemErrorCode } from './store-errors.ts'

/** Below this a second open file costs more than it gains. */
const minBytes = 1024 * 1024

/** Offset, length and address must be multiples of the device's logical block (open(2), O_DIRECT): 4 KiB at most where disks are usual. */
const blockBytes = 4096

/** Memory that a file system takes past its cache: it begins at a page. It cannot be freed but by the garbage collector. */
export function pageAlignedMemory(bytes: number): ArrayBuffer {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / wasmPageBytes) }).buffer
}
const wasmPageBytes = 64 * 1024

// Node has it; the type library that declares it is the browser's.
declare const WebAssembly: {
  readonly Memory: new (descriptor: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
}

/**
 * Writes whole blocks of `bytes` to the beginning of the file at `path`, which is there and empty, in writes of at most `writeBytes`. Answers how many
 * bytes are written, whatever the reason to stop: file systems and platforms without O_DIRECT, memory that does not begin at a
 * page. What is left is the caller's to write, and so is the sync.
 * @throws what the file system throws of a full disk, or the signal's reason
 */
export async function writePastCache(
  path: string,
  bytes: Uint8Array,
  writeBytes: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (bytes.length < minBytes || constants.O_DIRECT === undefined) return 0
  const file = await open(path, constants.O_WRONLY | constants.O_DIRECT).catch(unlessRefused)
  if (file === undefined) return 0
  let written = 0
  try {
    const end = bytes.length - (bytes.length % blockBytes)
    while (written < end) {
      signal?.throwIfAborted()
      const length = Math.min(writeBytes, end - written)
      const step = await file.write(bytes, written, length, written).catch(unlessRefused)
      if (step === undefined) break
      written += step.bytesWritten
    }
  } finally {
    await file.close()
  }
  return written
}

/** EINVAL is how a file system says that it does not do this, or not with this memory (open(2)). */
function unlessRefused(error: unknown): undefined {
  const code = systemErrorCode(error)
  if (code !== 'EINVAL' && code !== 'EOPNOTSUPP') throw error
}

// zstd: what is stored of a payload, and how it comes back.
import { finished } from 'node:stream/promises'
import { promisify } from 'node:util'
import { constants, createZstdCompress, type ZstdOptions, zstdCompressSync, zstdDecompress } from 'node:zlib'
import { freeNow } from './free-memory.ts'

const decompressAsync = promisify(zstdDecompress)

/** What is stored of a payload: pieces that joined are a zstd frame, or the payload itself. */
export interface CompressedPayload {
  readonly pieces: readonly Uint8Array[]
  readonly storedBytes: number
  readonly isCompressed: boolean
}

/** What a writer uses that was told nothing: the fastest level that still shrinks rows well. Levels go from -131072 to 22. */
export const defaultCompressLevel = 1

/** From here on zstd's tables grow with its window: 24 MiB at level 12 with 2 MiB of it, and twice that with the 4 MiB of a whole chunk. */
export const hungryLevel = 7
const hungryWindowLog = 21

export interface CompressOptions {
  /** zstd's; defaultCompressLevel by default. */
  readonly level?: number
  /** Stored by plain length of payloads before this one. */
  readonly expectedRatio?: number
}

/** Below this a zstd frame's own header and a trip to the pool cost more than they give. */
const minCompressibleBytes = 64

/** Up to here compressing takes no longer than a trip to the pool and the stream for it. */
const smallBytes = 16 * 1024

/** Node's default output buffer; a smaller one gains nothing. */
const minOutputBytes = 16 * 1024

/**
 * One zstd frame, made on libuv's pool unless the payload is short, or the payload itself where that is not smaller. The payload must not change until the pieces were used.
 *
 * The output buffer is made as long as `expectedRatio` says: one
 * that is too small costs a trip to the pool for every further piece, and one as long as the payload is memory that V8 counts,
 * so that it collects garbage all the time (a quarter of the whole time of a backup with 4 MiB chunks).
 */
export async function compressPayload(
  payload: Uint8Array,
  options: CompressOptions = {},
): Promise<CompressedPayload> {
  const asIs = { pieces: [payload], storedBytes: payload.length, isCompressed: false }
  if (payload.length < minCompressibleBytes) return asIs
  if (payload.length <= smallBytes) return compressNow(payload, options.level ?? defaultCompressLevel)
  const stream = createZstdCompress(zstdOptions(payload, options))
  const pieces: Uint8Array[] = []
  let storedBytes = 0
  stream.on('data', (piece: Uint8Array) => {
    pieces.push(piece)
    storedBytes += piece.length
  })
  stream.end(payload)
  await finished(stream)
  if (storedBytes < payload.length) return { pieces, storedBytes, isCompressed: true }
  for (const { buffer } of pieces) freeNow(buffer)
  return asIs
}

/** The same on the calling thread, at once. */
export function compressNow(payload: Uint8Array, level: number): CompressedPayload {
  const asIs = { pieces: [payload], storedBytes: payload.length, isCompressed: false }
  if (payload.length < minCompressibleBytes) return asIs
  // With room for the longest answer zstd reads from the payload and writes to the answer; else it copies both through buffers of its own.
  const compressed = zstdCompressSync(payload, zstdOptions(payload, { level, expectedRatio: 1 }))
  if (compressed.length >= payload.length) {
    freeNow(compressed.buffer)
    return asIs
  }
  return { pieces: [compressed], storedBytes: compressed.length, isCompressed: true }
}

function zstdOptions(
  payload: Uint8Array,
  { level = defaultCompressLevel, expectedRatio = 0.5 }: CompressOptions,
): ZstdOptions {
  // ZSTD_COMPRESSBOUND: what does not compress gets longer by that, and would need a second buffer for the last bytes.
  const bound = payload.length + (payload.length >> 8) + 1024
  return {
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      ...(level < hungryLevel ? {} : { [constants.ZSTD_c_windowLog]: hungryWindowLog }),
    },
    pledgedSrcSize: payload.length,
    chunkSize:
      expectedRatio < 1
        ? Math.max(minOutputBytes, Math.ceil(Math.min(bound, payload.length * expectedRatio * 1.125)))
        : bound,
  }
}

/**
 * Rejects when `bytes` are no zstd frame or hold more than `plainBytes`; the caller compares the length. The output buffer has one byte
 * more than it needs: when one is full Node makes another of the same length, before it looks whether anything is left.
 */
export async function decompressPayload(bytes: Uint8Array, plainBytes: number): Promise<Buffer> {
  return decompressAsync(bytes, { maxOutputLength: plainBytes, chunkSize: Math.max(64, plainBytes + 1) })
}

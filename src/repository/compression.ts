// zstd on libuv's pool: what is stored of a payload, and how it comes back.
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'

const compressAsync = promisify(zstdCompress)
const decompressAsync = promisify(zstdDecompress)

export interface CompressedPayload {
  readonly bytes: Uint8Array
  readonly isCompressed: boolean
}

/** Below this a zstd frame's own header and a trip to the pool cost more than they give. */
const minCompressibleBytes = 64

/**
 * zstd level 1, or the payload itself where that is not smaller. The payload must not change until this has answered.
 * One output buffer as long as the input and one trip to the pool: Node's 16 KiB pieces halve the speed.
 */
export async function compressPayload(payload: Uint8Array): Promise<CompressedPayload> {
  if (payload.length < minCompressibleBytes) return { bytes: payload, isCompressed: false }
  const bytes = await compressAsync(payload, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    pledgedSrcSize: payload.length,
    // ZSTD_COMPRESSBOUND: length + length/256 and a little for small inputs.
    chunkSize: payload.length + Math.ceil(payload.length / 256) + 64,
  })
  return bytes.length < payload.length
    ? { bytes, isCompressed: true }
    : { bytes: payload, isCompressed: false }
}

/** Rejects when `bytes` are no zstd frame or hold more than `plainBytes`; the caller compares the length. */
export async function decompressPayload(bytes: Uint8Array, plainBytes: number): Promise<Buffer> {
  return decompressAsync(bytes, { maxOutputLength: plainBytes, chunkSize: Math.max(64, plainBytes) })
}

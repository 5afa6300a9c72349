// The name of a chunk: HMAC-SHA256 of its bytes with a key of the source, so that a store cannot test for known content.
import { createHmac, createSecretKey } from 'node:crypto'

/** Answers the hex of the 32-byte id. */
export type ChunkIdMaker = (bytes: Uint8Array) => string

// On this thread, at more than 1 GB/s: Web Crypto would do it on libuv's pool, but copies the chunk first, and copies of 4 MiB
// pile up as garbage (30 MiB more at the peak of a backup, for no less time).
export function chunkIdMaker(chunkIdKey: Buffer): ChunkIdMaker {
  // Of a key that is bytes Node makes one each time, for 15 µs.
  const key = createSecretKey(chunkIdKey)
  return (bytes) => createHmac('sha256', key).update(bytes).digest('hex')
}

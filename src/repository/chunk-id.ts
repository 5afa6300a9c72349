// The name of a chunk: HMAC-SHA256 of its bytes with a key of the source, so that a store cannot test for known content.
import { createHmac, webcrypto } from 'node:crypto'

/** From here the HMAC runs on libuv's pool: 64 KiB take 40 µs, about what the trip to the pool and back costs. */
const poolFromBytes = 64 * 1024

export type ChunkIdMaker = (bytes: Uint8Array) => Promise<string>

/** Answers the hex of the 32-byte id. `bytes` must not change until then. */
export async function chunkIdMaker(chunkIdKey: Buffer): Promise<ChunkIdMaker> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await webcrypto.subtle.importKey('raw', chunkIdKey, algorithm, false, ['sign'])
  return async (bytes) => {
    if (bytes.length < poolFromBytes) return createHmac('sha256', chunkIdKey).update(bytes).digest('hex')
    return Buffer.from(await webcrypto.subtle.sign('HMAC', key, bytes)).toString('hex')
  }
}

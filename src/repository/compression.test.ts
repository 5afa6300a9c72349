import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compressPayload, decompressPayload } from './compression.ts'

const payload = Buffer.alloc(8 * 1024 * 1024, 'one row\tand another\n')

async function compressed(): Promise<Buffer> {
  const { pieces, isCompressed } = await compressPayload(payload)
  assert(isCompressed)
  return Buffer.concat(pieces)
}

test('what is decompressed takes the memory of its length, not twice that', async () => {
  const stored = await compressed()
  const before = process.memoryUsage().arrayBuffers
  const bytes = await decompressPayload(stored, payload.length)
  const taken = process.memoryUsage().arrayBuffers - before
  assert(bytes.equals(payload))
  assert(taken < 1.5 * payload.length, `${taken} bytes`)
})

test('a frame that holds more than was said is refused', async () => {
  await assert.rejects(decompressPayload(await compressed(), payload.length - 1))
  await assert.rejects(decompressPayload(Buffer.from('no zstd frame'), payload.length))
})

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { constants, createZstdDecompress, zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { atFrameEnds } from './zstd-frames.ts'

async function* inPieces(bytes: Buffer, length: number) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}

async function decompressed(bytes: Buffer, length: number): Promise<Buffer> {
  const parts: Buffer[] = []
  const input = Readable.from(atFrameEnds(inPieces(bytes, length)), { objectMode: false })
  const output: AsyncIterable<Buffer> = input.pipe(createZstdDecompress())
  for await (const part of output) parts.push(part)
  return Buffer.concat(parts)
}

test('frames one after the other are decompressed to the last one, whatever the pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 2000 }), fc.boolean(), fc.boolean()), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.integer({ min: 1, max: 300 }),
      async (texts, length) => {
        const frames = texts.map(([text, hasChecksum, hasSize]) =>
          zstdCompressSync(text, {
            params: {
              [constants.ZSTD_c_checksumFlag]: hasChecksum ? 1 : 0,
              [constants.ZSTD_c_contentSizeFlag]: hasSize ? 1 : 0,
            },
          }),
        )
        const expected = Buffer.concat(texts.map(([text]) => text))
        assert.ok((await decompressed(Buffer.concat(frames), length)).equals(expected))
      },
    ),
    { numRuns: 60 },
  )
})

test('a frame of many blocks, and one of a run, end where they end', async () => {
  const long = Buffer.alloc(700_000, 'abcdefghij klmnop 0123456789')
  const run = Buffer.alloc(500_000, 'a')
  const frames = Buffer.concat([
    zstdCompressSync(long),
    zstdCompressSync(run),
    zstdCompressSync(Buffer.from('end')),
  ])
  assert.ok((await decompressed(frames, 64 * 1024)).equals(Buffer.concat([long, run, Buffer.from('end')])))
})

test('what is no frame is refused with its place', async () => {
  const frames = Buffer.concat([zstdCompressSync(Buffer.from('x')), Buffer.from('no frame')])
  const read = async () => {
    for await (const piece of atFrameEnds(inPieces(frames, 1000))) assert.ok(piece.length > 0)
  }
  await assert.rejects(read, MalformedDataError)
})

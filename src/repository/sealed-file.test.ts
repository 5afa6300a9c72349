import assert from 'node:assert/strict'
import { createDecipheriv, hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { compressPayload } from './compression.ts'
import { fileHeaderBytes, frameHeaderBytes, maxPlainBytes } from './sealed-format.ts'
import { type DataKey, existingFileKey, newFileKey } from './sealed-key.ts'
import { rangesOf, readFrames } from './sealed-reader.ts'
import { SealedWriter, sealFile } from './sealed-writer.ts'

const dataKey: DataKey = { id: '11'.repeat(16), key: Buffer.alloc(32, 0x22) }
const payloads = [
  { type: 'document', bytes: Buffer.from('{"a":1}') },
  {
    type: 'data',
    bytes: Buffer.from('some text that repeats, some text that repeats, some text that repeats'),
  },
  { type: 'data', bytes: Buffer.alloc(0) },
] as const

async function contents(file: Buffer, key: DataKey | undefined, kind = 'segment'): Promise<string[]> {
  const texts: string[] = []
  for await (const { payload } of readFrames(rangesOf(file), async () => key, 'file', kind)) {
    texts.push(payload.toString())
  }
  return texts
}

for (const [cipher, key] of [
  ['encrypted', dataKey],
  ['clear', undefined],
] as const) {
  test(`every ${cipher} file that was cut at any byte is found out`, async () => {
    const file = await sealFile('segment', key, payloads)
    assert.deepEqual(
      await contents(file, key),
      payloads.map(({ bytes }) => bytes.toString()),
    )
    for (let length = 0; length < file.length; length += 1) {
      await assert.rejects(contents(file.subarray(0, length), key), MalformedDataError, `cut at ${length}`)
    }
  })

  test(`any changed byte of a ${cipher} file is found out`, async () => {
    const file = await sealFile('segment', key, payloads)
    for (let at = 0; at < file.length; at += 1) {
      for (const bit of [1, 0x80]) {
        const changed = Buffer.from(file)
        changed[at] = (changed[at] ?? 0) ^ bit
        await assert.rejects(contents(changed, key), MalformedDataError, `bit ${bit} of byte ${at}`)
      }
    }
  })

  test(`bytes after the end of a ${cipher} file are found out`, async () => {
    const file = await sealFile('segment', key, payloads)
    await assert.rejects(contents(Buffer.concat([file, Buffer.from([0])]), key), MalformedDataError)
    await assert.rejects(
      contents(Buffer.concat([file, file.subarray(fileHeaderBytes)]), key),
      MalformedDataError,
    )
  })

  test(`frames of a ${cipher} file that were swapped, doubled or left out are found out`, async () => {
    const file = await sealFile('segment', key, [
      { type: 'data', bytes: Buffer.from('one') },
      { type: 'data', bytes: Buffer.from('two') },
    ])
    const length = frameHeaderBytes + 3 + 16
    const header = file.subarray(0, fileHeaderBytes)
    const [one, two, end] = [0, 1, 2].map((n) =>
      file.subarray(fileHeaderBytes + n * length, n === 2 ? undefined : fileHeaderBytes + (n + 1) * length),
    )
    assert.ok(one !== undefined && two !== undefined && end !== undefined)
    assert.deepEqual(await contents(Buffer.concat([header, one, two, end]), key), ['one', 'two'])
    for (const frames of [[two, one, end], [one, one, two, end], [one, end], [two, end], [end], [one, two]]) {
      await assert.rejects(contents(Buffer.concat([header, ...frames]), key), MalformedDataError)
    }
  })

  test(`frames of another ${cipher} file with the same key do not fit`, async () => {
    const one = await sealFile('segment', key, [{ type: 'data', bytes: Buffer.from('one') }])
    const two = await sealFile('segment', key, [{ type: 'data', bytes: Buffer.from('two') }])
    const mixed = Buffer.concat([one.subarray(0, fileHeaderBytes), two.subarray(fileHeaderBytes)])
    await assert.rejects(contents(mixed, key), MalformedDataError)
  })
}

test('a file of one kind does not pass for one of another', async () => {
  await assert.rejects(
    contents(await sealFile('segment', dataKey, payloads), dataKey, 'manifest'),
    MalformedDataError,
  )
})

test('another data key is told from a damaged file by the commitment', async () => {
  const other = { id: dataKey.id, key: Buffer.alloc(32, 0x23) }
  await assert.rejects(contents(await sealFile('segment', dataKey, payloads), other), /commitment/)
})

test('any payloads come back as they were sealed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 }),
      fc.boolean(),
      async (parts, isEncrypted) => {
        const key = isEncrypted ? dataKey : undefined
        const frames = parts.map((bytes) => ({ type: 'data' as const, bytes }))
        const file = await sealFile('segment', key, frames)
        const read: Buffer[] = []
        for await (const { payload } of readFrames(rangesOf(file), async () => key, 'file', 'segment')) {
          read.push(payload)
        }
        assert.deepEqual(
          read,
          parts.map((bytes) => Buffer.from(bytes)),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test('a file can be read with nothing but HKDF, AES-GCM and zstd', async () => {
  const file = await sealFile('segment', dataKey, payloads)
  const key = Buffer.from(
    hkdfSync('sha256', dataKey.key, file.subarray(32, 48), 'holdfast sealed file v1', 64),
  )
  assert.deepEqual(key.subarray(32), file.subarray(48, 80))
  const start = fileHeaderBytes + frameHeaderBytes + payloads[0].bytes.length + 16
  const bodyBytes = file.readUInt32BE(start + 16)
  const body = file.subarray(start + frameHeaderBytes, start + frameHeaderBytes + bodyBytes)
  const decipher = createDecipheriv(
    'aes-256-gcm',
    key.subarray(0, 32),
    Buffer.from('000000000000000000000100', 'hex'),
  )
  decipher.setAAD(
    Buffer.concat([file.subarray(0, fileHeaderBytes), file.subarray(start, start + frameHeaderBytes)]),
  )
  decipher.setAuthTag(body.subarray(-16))
  const plain = Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()])
  assert.deepEqual(zstdDecompressSync(plain), payloads[1].bytes)
})

test('a frame of 64 MiB is taken, and memory is asked for by no longer length', async () => {
  const bytes = Buffer.alloc(maxPlainBytes, 'abc')
  const file = await sealFile('segment', dataKey, [{ type: 'data', bytes }])
  assert.ok(file.length < 1024 * 1024)
  for await (const { payload } of readFrames(rangesOf(file), async () => dataKey, 'file', 'segment')) {
    assert.ok(payload.equals(bytes))
  }
  const greedy = Buffer.from(file)
  greedy.writeUInt32BE(0xffff_ffff, fileHeaderBytes + 12)
  await assert.rejects(contents(greedy, dataKey), /at most 67108864 bytes/)
})

test('a frame that claims to unpack to less than it does is refused', async () => {
  const compressed = await compressPayload(Buffer.alloc(100_000, 'abc'))
  const writer = new SealedWriter(Buffer.alloc(10_000), newFileKey('segment', dataKey))
  writer.add({ ...compressed, type: 'data', plainBytes: 50_000 })
  const file = Buffer.from(writer.finish().bytes)
  await assert.rejects(contents(file, dataKey), MalformedDataError)
})

test('a key is never used for two files', () => {
  const [one, two] = [newFileKey('pack', dataKey), newFileKey('pack', dataKey)]
  assert.notDeepEqual(one.key, two.key)
  assert.throws(
    () =>
      existingFileKey(
        {
          kind: 'pack',
          isEncrypted: true,
          dataKeyId: dataKey.id,
          salt: Buffer.alloc(16),
          commitment: Buffer.alloc(32),
        },
        one.header,
        dataKey,
        'file',
      ),
    MalformedDataError,
  )
})

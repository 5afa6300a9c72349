// The worked examples of docs/format/repository.md, made anew: a change of the format that forgets its document fails here.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { chunkIdMaker } from './chunk-id.ts'
import { newSessionKeys, wrapKeys } from './key-file.ts'
import { fileHeaderBytes, frameHeaderBytes } from './sealed-format.ts'
import { type DataKey, newFileKey } from './sealed-key.ts'
import { SealedWriter } from './sealed-writer.ts'

const text = readFileSync(new URL('../../docs/format/repository.md', import.meta.url), 'utf8')

function block(name: string): string {
  const found = new RegExp(`\`\`\`\\w+ ${name}\\n([^\`]*)\`\`\``).exec(text)?.[1]
  assert.ok(found !== undefined, `no block ${name}`)
  return found
}

/** 32 bytes to a line, as the document has them. */
function lines(bytes: Uint8Array): string {
  return `${Buffer.from(bytes)
    .toString('hex')
    .match(/.{1,64}/g)
    ?.join('\n')}\n`
}

const dataKey: DataKey = { id: '11'.repeat(16), key: Buffer.alloc(32, 0x22) }
const chunkIdKey = Buffer.alloc(32, 0x33)

for (const [prefix, key] of [
  ['', dataKey],
  ['clear-', undefined],
] as const) {
  test(`the example of ${key ? 'an encrypted' : 'a clear'} sealed file is what the code writes`, () => {
    const payload = Buffer.from('{"a":1}')
    const fileKey = newFileKey('segment', key, Buffer.alloc(16, 0x44))
    const writer = new SealedWriter(Buffer.alloc(1000), fileKey)
    const content = {
      pieces: [payload],
      storedBytes: payload.length,
      isCompressed: false,
      plainBytes: payload.length,
    }
    const { offset, length } = writer.add({ type: 'document', ...content })
    const { bytes } = writer.finish()
    assert.equal(offset, fileHeaderBytes)
    assert.equal(length, frameHeaderBytes + payload.length + 16)
    if (fileKey.key !== undefined) assert.equal(block('key'), lines(fileKey.key.export()))
    assert.equal(block(`${prefix}header`), lines(bytes.subarray(0, offset)))
    assert.equal(block(`${prefix}frame`), lines(bytes.subarray(offset, offset + length)))
    assert.equal(block(`${prefix}end`), lines(bytes.subarray(offset + length)))
  })
}

test('the example of a chunk id is what the code makes', async () => {
  assert.equal(block('chunk-id'), `${chunkIdMaker(chunkIdKey)(Buffer.from('1\tone\n'))}\n`)
})

test('the example of checked JSON is what the code writes', async () => {
  assert.equal(block('checked-json'), (await wrapKeys(newSessionKeys(false, chunkIdKey), [])).toString())
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { decodeCheckedJson, encodeCheckedJson } from './checked-json.ts'

const document = { format: 1, names: ['ä', 'b'], nested: { sha256: '0'.repeat(64) } }

test('a document comes back with its digest', () => {
  const bytes = encodeCheckedJson(document)
  const sha256 = /"sha256": "([0-9a-f]{64})"\n\}\n$/.exec(bytes.toString())?.[1]
  assert.deepEqual(decodeCheckedJson(bytes, 'file'), { ...document, sha256 })
})

test('any changed or missing byte of a document is found out', () => {
  const bytes = encodeCheckedJson(document)
  for (let at = 0; at < bytes.length; at += 1) {
    assert.throws(() => decodeCheckedJson(bytes.subarray(0, at), 'file'), MalformedDataError, `cut at ${at}`)
    for (const bit of [1, 0x20, 0x80]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ bit
      assert.throws(() => decodeCheckedJson(changed, 'file'), MalformedDataError, `bit ${bit} of byte ${at}`)
    }
  }
})

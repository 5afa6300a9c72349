// Small JSON documents in clear that show when a byte of them was changed: they carry their own SHA-256.
import { createHash } from 'node:crypto'
import { MalformedDataError } from '../core/malformed-data-error.ts'

const emptyDigest = '0'.repeat(64)
const digestPattern = /\n {2}"sha256": "([0-9a-f]{64})"\n\}\n$/

/** Clear documents are lists of a few dozen keys or fields at most. */
export const maxCheckedJsonBytes = 1024 * 1024

/** Indented JSON whose last field is the SHA-256 of these very bytes with 64 zeros in its own place. */
export function encodeCheckedJson(document: Readonly<Record<string, unknown>>): Buffer {
  const text = `${JSON.stringify({ ...document, sha256: emptyDigest }, null, 2)}\n`
  return Buffer.from(text.replace(digestPattern, `\n  "sha256": "${digestOf(text)}"\n}\n`))
}

/** The parsed value, still to be checked against its schema. Throws MalformedDataError naming `file`. */
export function decodeCheckedJson(bytes: Buffer, file: string): unknown {
  const bad = (expected: string, found: string, cause?: unknown): MalformedDataError =>
    new MalformedDataError({ what: 'JSON document', file, offset: 0, expected, found }, { cause })
  if (bytes.length > maxCheckedJsonBytes) throw bad(`at most ${maxCheckedJsonBytes} bytes`, `${bytes.length}`)
  const text = bytes.toString('utf8')
  // Bytes that are no UTF-8 would become replacement characters, and many byte strings the same text.
  if (!Buffer.from(text).equals(bytes)) throw bad('UTF-8', 'other bytes')
  const stated = digestPattern.exec(text)?.[1]
  if (stated === undefined) throw bad('a sha256 field at its end', 'none')
  const actual = digestOf(text.replace(digestPattern, `\n  "sha256": "${emptyDigest}"\n}\n`))
  if (stated !== actual) throw bad(`bytes with SHA-256 ${stated}`, actual)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw bad('JSON', 'something else', error)
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

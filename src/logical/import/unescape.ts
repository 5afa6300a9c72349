// The bytes that a quoted text stands for.
import { char } from './sql-scan.ts'

const meanings = new Map(
  Object.entries({ 0: 0x00, b: 0x08, n: 0x0a, r: 0x0d, t: 0x09, Z: 0x1a }).map(([letter, byte]) => [
    letter.charCodeAt(0),
    byte,
  ]),
)

/** True where the text between the quotes is not simply its bytes. */
export function hasEscapes(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]
    if (byte === char.backslash || byte === char.quote || byte === char.doubleQuote) return true
  }
  return false
}

/** The text from `start` to `end`, which stands between two `bytes[start - 1]`. `isPlainBackslash`: NO_BACKSLASH_ESCAPES. */
export function unescaped(bytes: Buffer, start: number, end: number, isPlainBackslash: boolean): Buffer {
  const quote = bytes[start - 1]
  const text = Buffer.allocUnsafe(end - start)
  let at = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (byte === quote) i++
    else if (byte === char.backslash && !isPlainBackslash) {
      const next = bytes[++i] ?? char.backslash
      // \% and \_ stay as they are: they mean something in patterns only.
      if (next === 0x25 || next === 0x5f) text[at++] = char.backslash
      text[at++] = meanings.get(next) ?? next
      continue
    }
    text[at++] = byte
  }
  return text.subarray(0, at)
}

// Takes the conditional comments off a statement that a dump program has wrapped into them.
import { char, conditionalStart, endOfComment, endOfQuoted, type LexicalMode } from './sql-scan.ts'

// For example the trigger in the three pieces "CREATE", "DEFINER=a@b" and "TRIGGER …", each for another version of the server.

/**
 * The statement as the server runs it, where it starts with a conditional comment; otherwise as it is: then a conditional comment is part
 * of what its author wrote.
 */
export function unwrap(statement: Buffer, mode: LexicalMode): Buffer {
  if (conditionalStart(statement, 0) === 0) return statement
  const scanned = { bytes: statement, isLast: true }
  const parts: Buffer[] = []
  let from = 0
  let isWithin = false
  for (let at = 0; at < statement.length; ) {
    const byte = statement[at]
    if (byte === char.quote || byte === char.doubleQuote || byte === char.backtick) {
      const end = endOfQuoted(scanned, at, mode)
      at = end < 0 ? statement.length : end
      continue
    }
    if (isWithin && byte === char.star && statement[at + 1] === char.slash) {
      parts.push(statement.subarray(from, at))
      at += 2
      from = at
      isWithin = false
      continue
    }
    const start = isWithin ? 0 : conditionalStart(statement, at)
    if (start > 0) {
      parts.push(statement.subarray(from, at))
      const version = /^\d{5,6} ?/.exec(statement.toString('latin1', start, start + 7))?.[0] ?? ''
      at = start + version.length
      from = at
      isWithin = true
      continue
    }
    const end = endOfComment(scanned, at)
    at = end > at ? end : at + 1
  }
  parts.push(statement.subarray(from))
  return trimmed(Buffer.concat(parts))
}

/** Without the blanks at both ends. */
export function trimmed(bytes: Buffer): Buffer {
  let start = 0
  let end = bytes.length
  while (start < end && (bytes[start] ?? 0) <= char.space) start++
  while (end > start && (bytes[end - 1] ?? 0) <= char.space) end--
  return bytes.subarray(start, end)
}

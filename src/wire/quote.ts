// Names and values as SQL text that means the same under every sql_mode (ANSI_QUOTES, NO_BACKSLASH_ESCAPES).
import assert from 'node:assert/strict'

/** A name between backticks, which every sql_mode takes for a name. */
export function quoteIdentifier(name: string): string {
  assert(name.isWellFormed() && !name.includes('\0'), `not a name: ${JSON.stringify(name)}`)
  return `\`${name.replaceAll('`', '``')}\``
}

/** `schema`.`table` */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

/**
 * A text as an expression. What a backslash means depends on the session, so a text that holds one is written in hex; a quote is
 * doubled, which is right everywhere. The hex form is an expression, not a plain literal: it does not fit clauses such as COMMENT.
 */
export function quoteString(text: string): string {
  // A lone surrogate has no UTF-8; it would be stored as another character.
  assert(text.isWellFormed(), 'not a text: lone surrogate')
  if (/[\\\0]/.test(text)) return `_utf8mb4 x'${Buffer.from(text, 'utf8').toString('hex')}'`
  return `'${text.replaceAll("'", "''")}'`
}

/** Bytes as an expression. The introducer keeps MySQL from taking them for a number where it wants one. */
export function quoteBytes(bytes: Uint8Array): string {
  return `_binary x'${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}'`
}

// Statements and messages made safe to show: short, and without the passwords that may stand in them.

const shownCharacters = 200

/**
 * What introduces a password in the SQL of both flavours: IDENTIFIED [WITH plugin] BY|AS|USING '…', PASSWORD '…', PASSWORD('…'),
 * SET PASSWORD … = '…', SOURCE_PASSWORD = '…', MASTER_PASSWORD = '…', REPLACE '…' (the current password), and USING PASSWORD(…).
 * Everything from there to the end of the literal goes, also when the literal is cut off.
 */
const introducer =
  String.raw`(?:\bIDENTIFIED\b(?:\s+(?:WITH|VIA)\s+[\w'"` +
  '`' +
  String.raw`]+)?\s+(?:BY|AS|USING)(?:\s+PASSWORD)?|` +
  String.raw`\b(?:\w*_)?PASSWORD\b[^'"]{0,80}?|\bREPLACE\b|\bOR\s+\w+\s+USING)`
const literal = String.raw`(?:'(?:[^'\\]|\\.|'')*(?:'|$)|"(?:[^"\\]|\\.|"")*(?:"|$)|0x[0-9a-f]+)`
const secretPattern = new RegExp(String.raw`(${introducer}\s*[(=]?\s*)${literal}`, 'gis')
const mentionsSecret = /\b(?:IDENTIFIED|\w*PASSWORD)\b/i

/** Statement for an error: at most 200 characters, with every password replaced by '***'. */
export function redactStatement(statement: string): string {
  // Redact first, cut after: a cut within a literal must not hide where it began. No password stands beyond the first 64 KiB that shows.
  const redacted = statement.slice(0, 64 * 1024).replaceAll(secretPattern, "$1'***'")
  return redacted.length > shownCharacters ? `${redacted.slice(0, shownCharacters)}…` : redacted
}

/** A syntax error quotes the statement from where it went wrong, which may be within a password. */
export function redactMessage(message: string, statement: string | undefined): string {
  if (statement === undefined || !mentionsSecret.test(statement)) return message
  return message.replaceAll(/ near '.*' at line /gs, " near '***' at line ")
}

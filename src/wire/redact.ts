// Statements and messages made safe to show: short, and without the passwords that may stand in them.

const shownCharacters = 200

/** What introduces a password in the SQL of both flavours, up to the literal, which goes to its end or to where it is cut off. */
const introducers = [
  // SET PASSWORD [FOR 'bob'@'%'] = ['…' | PASSWORD('…')]
  String.raw`\bSET\s+PASSWORD\b[^=]{0,400}=\s*(?:PASSWORD\s*)?`,
  // IDENTIFIED [WITH|VIA plugin] BY|AS|USING ['…' | PASSWORD '…' | PASSWORD('…')]
  String.raw`\bIDENTIFIED(?:\s+(?:WITH|VIA)\s+\S+)?\s+(?:BY|AS|USING)(?:\s+PASSWORD)?`,
  // MariaDB's further plugins: … OR plugin USING '…'
  String.raw`\bOR\s+\w+\s+USING`,
  // SOURCE_PASSWORD = '…', MASTER_PASSWORD = '…', OPTIONS (PASSWORD '…'), PASSWORD('…')
  String.raw`\b(?:\w*_)?PASSWORD\b[^'"]{0,80}?`,
  // SET @any_key = X'…': what masks and ciphers are made with
  String.raw`@\w*key\b`,
  // ALTER USER … REPLACE '…': the current password, and not the function REPLACE('…', …)
  String.raw`\bREPLACE\b(?!\s*\()`,
]
const introducer = `(?:${introducers.join('|')})`
const literal = String.raw`(?:x?'(?:[^'\\]|\\.|'')*(?:'|$)|"(?:[^"\\]|\\.|"")*(?:"|$)|0x[0-9a-f]+)`
const secretPattern = new RegExp(String.raw`(${introducer}\s*[(=]?\s*)${literal}`, 'gis')
const mentionsSecret = /\b(?:IDENTIFIED|\w*PASSWORD)\b|@\w*key\b/i

/** Statement for an error: at most 200 characters, with every password replaced by '***'. */
export function redactStatement(statement: string): string {
  // Redact first, cut after: a cut within a literal must not hide where it began. No password stands beyond the first 64 KiB that shows.
  const redacted = statement.slice(0, 64 * 1024).replaceAll(secretPattern, "$1'***'")
  return redacted.length > shownCharacters ? `${redacted.slice(0, shownCharacters)}…` : redacted
}

/** The whole statement, with every password in its first 64 KiB replaced by '***': behind that there is only data. */
export function withoutPasswords(statement: string): string {
  const head = 64 * 1024
  return statement.slice(0, head).replaceAll(secretPattern, "$1'***'") + statement.slice(head)
}

/** A syntax error quotes the statement from where it went wrong, which may be within a password. */
export function redactMessage(message: string, statement: string | undefined): string {
  if (statement === undefined || !mentionsSecret.test(statement)) return message
  return message.replaceAll(/ near '.*' at line /gs, " near '***' at line ")
}

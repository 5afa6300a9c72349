// Statements as text that the plain clients, mysql and mariadb, cut apart where we mean it.
import type { CodeStep } from '../definition-statements.ts'

/** A statement that has semicolons within quotes only. */
export function plainStatement(sql: string): Buffer {
  return Buffer.from(`${sql};\n`)
}

/**
 * Character sets whose second bytes may be a backslash or a backtick. A client that does not know that it reads one of them takes such a
 * byte for the character. Only its command \C tells it, and sets the session's character set on the way.
 */
const ambiguousCharsets = new Set(['big5', 'cp932', 'gb18030', 'gbk', 'sjis'])

/** Code, which has semicolons, comments and any characters. */
export function codeText(step: CodeStep): Buffer {
  if (step.kind === 'session') return plainStatement(step.sql)
  const { settings, bytes, charset } = step
  const isAmbiguous = ambiguousCharsets.has(charset) && bytes.some((byte) => byte > 0x7f)
  const delimiter = delimiterFor(bytes)
  const text = [
    isAmbiguous ? `\\C ${charset}\n` : '',
    plainStatement(settings),
    `DELIMITER ${delimiter}\n`,
    bytes,
    // A comment at the end would take the delimiter in.
    /(?:--|#)[^\n]*$/.test(bytes.toString('latin1')) ? '\n' : '',
    `${delimiter}\nDELIMITER ;\n`,
    isAmbiguous ? '\\C utf8mb4\n' : '',
  ]
  return Buffer.concat(text.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
}

/** Nowhere in the statement, so that it does not matter what the client takes for quotes and comments. */
function delimiterFor(statement: Buffer): string {
  for (let at = 0; ; at++) {
    const delimiter = [';;', '$$', '//'][at] ?? `;;${at}`
    if (!statement.includes(delimiter) && statement.at(-1) !== delimiter.charCodeAt(0)) return delimiter
  }
}

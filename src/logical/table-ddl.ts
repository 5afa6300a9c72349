// The statement that makes a table, exact also where the server does not keep it in UTF-8.
import { isUtf8 } from 'node:buffer'
import { HoldfastError } from '../core/errors.ts'
import { quoteQualified } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import type { ByteQuery } from './byte-rows.ts'

/**
 * SHOW CREATE TABLE is said to be utf8mb3, but MySQL prints literals of expressions in the character set of their introducer (and four
 * bytes for an emoji), and MariaDB binary defaults as they are. What does not fit becomes '?' where the server converts the result.
 */
export async function readTableDdl(
  connection: Connection,
  query: ByteQuery,
  schema: string,
  name: string,
): Promise<string> {
  const statement = `SHOW CREATE TABLE ${quoteQualified(schema, name)}`
  const read = async () => {
    const [row] = await query.rows(connection, statement)
    const ddl = row?.get('Create Table')
    if (ddl === undefined || ddl === null) throw new Error(`nothing is answered to ${statement}`)
    return ddl
  }
  const converted = await read()
  if (!converted.includes('?')) return utf8Ddl(converted)
  await connection.run('SET SESSION character_set_results = NULL')
  const exact = await read()
  await connection.run('SET SESSION character_set_results = utf8mb4')
  return utf8Ddl(exact)
}

// A name, or a string with the introducer before it: _latin1'…'. In latin1 each byte is a character.
const quoted = /`(?:[^`]|``)*`|(\b_\w+)?'((?:[^'\\]|\\.|'')*)'/gs

/**
 * The same statement in UTF-8: strings that are not become hex.
 * @throws HoldfastError UNSUPPORTED where something else than a string is not UTF-8
 */
export function utf8Ddl(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  const text = bytes
    .toString('latin1')
    .replaceAll(quoted, (whole: string, introducer: string | undefined, body: string | undefined) => {
      if (body === undefined || isUtf8(Buffer.from(body, 'latin1'))) return whole
      const hex = Buffer.from(unescaped(body), 'latin1').toString('hex')
      return `${introducer === undefined ? '' : `${introducer} `}x'${hex}'`
    })
  const exact = Buffer.from(text, 'latin1')
  if (isUtf8(exact)) return exact.toString('utf8')
  throw new HoldfastError(
    'UNSUPPORTED',
    `a definition that is not UTF-8 cannot be carried: ${exact.toString('utf8')}`,
  )
}

const escapes: Readonly<Record<string, string>> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1A' }

function unescaped(body: string): string {
  return body.replaceAll(/\\(.)|''/gs, (_, char: string | undefined) =>
    char === undefined ? "'" : (escapes[char] ?? char),
  )
}

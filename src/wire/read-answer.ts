// Reads what the server answers to a statement: OK, an error, or a result with its columns and rows.

import { ByteReader } from '../bytes/byte-reader.ts'
import { HoldfastError } from '../core/errors.ts'
import type { PacketChannel } from './packet-channel.ts'
import { status } from './packets/capabilities.ts'
import { type ColumnDefinition, parseColumnDefinition } from './packets/column-definition.ts'
import { isEof, parseEof } from './packets/eof.ts'
import { isErr, parseErr } from './packets/err.ts'
import { localInfileHeader, parseLocalInfileRequest } from './packets/local-infile-request.ts'
import { okHeader, parseOk } from './packets/ok.ts'
import type { OkResult, ResultSet, Row } from './results.ts'
import { serverError } from './server-error.ts'
import { type Statement, statementText } from './statement.ts'
import { rowDecoder } from './typed-rows.ts'

/** An error that was read to its end: the connection is in step and can be used further, unlike after an exception. */
export interface Failed {
  readonly kind: 'failed'
  readonly error: HoldfastError
}

export type Answer = (OkResult | ResultSet | Failed) & { readonly hasMore: boolean }

/** `first`, when given, is the packet of the answer that was read already. */
export async function readAnswer(
  channel: PacketChannel,
  statement: Statement | undefined,
  first?: Buffer,
): Promise<Answer> {
  const head = first ?? (await channel.read())
  const done = await readSimpleAnswer(channel, statement, head)
  if (done !== undefined) return done
  const columns = await readColumns(channel, head)
  const decode = rowDecoder(columns)
  const rows: Row[] = []
  for (;;) {
    const packet = channel.tryRead() ?? (await channel.read())
    if (isEof(packet)) {
      const eof = parseEof(packet)
      return { kind: 'rows', columns, rows, warnings: eof.warnings, hasMore: hasMore(eof.status) }
    }
    if (isErr(packet)) return failed(packet, statement)
    rows.push(decode(packet))
  }
}

/** The answer when it has no rows; undefined when `head` is the column count of a result. */
export async function readSimpleAnswer(
  channel: PacketChannel,
  statement: Statement | undefined,
  head: Buffer,
): Promise<((OkResult | Failed) & { hasMore: boolean }) | undefined> {
  if (head[0] === okHeader) {
    const { status, ...ok } = parseOk(head)
    return { kind: 'ok', ...ok, hasMore: hasMore(status) }
  }
  if (isErr(head)) return failed(head, statement)
  if (isEof(head)) {
    // COM_SET_OPTION is answered by EOF where DEPRECATE_EOF was not negotiated.
    const eof = parseEof(head)
    return { kind: 'ok', affectedRows: 0, lastInsertId: 0n, warnings: eof.warnings, info: '', hasMore: false }
  }
  if (head[0] === localInfileHeader) return refuseLocalInfile(channel, statement, head)
  return undefined
}

/** The columns of a result whose count is in `head`, and the EOF after them. */
export async function readColumns(
  channel: PacketChannel,
  head: Buffer,
): Promise<readonly ColumnDefinition[]> {
  const reader = new ByteReader(head, { what: 'column count' })
  const count = reader.lenenc()
  const columns: ColumnDefinition[] = []
  for (let index = 0; index < count; index++) {
    columns.push(parseColumnDefinition(await channel.read()))
  }
  parseEof(await channel.read())
  return columns
}

export function hasMore(serverStatus: number): boolean {
  return (serverStatus & status.moreResults) !== 0
}

export function failed(packet: Buffer, statement: Statement | undefined): Failed & { hasMore: false } {
  const text = statement === undefined ? undefined : statementText(statement)
  return { kind: 'failed', error: serverError(parseErr(packet), text), hasMore: false }
}

/**
 * Nothing was offered, so nothing is given: a server may answer any statement with a request for any file of the client
 * (dev.mysql.com/doc/refman, "Security Considerations for LOAD DATA LOCAL").
 */
async function refuseLocalInfile(
  channel: PacketChannel,
  statement: Statement | undefined,
  head: Buffer,
): Promise<Failed & { hasMore: boolean }> {
  const name = parseLocalInfileRequest(head)
  channel.write(Buffer.alloc(0))
  const answer = await readAnswer(channel, statement)
  const error = new HoldfastError(
    'SERVER_ERROR',
    `the server asked for the local file ${JSON.stringify(name)}, which was not offered; it got nothing`,
    { file: name },
    { hint: 'Check that this is the server you mean: honest ones ask only in LOAD DATA LOCAL.' },
  )
  return { kind: 'failed', error, hasMore: answer.hasMore }
}

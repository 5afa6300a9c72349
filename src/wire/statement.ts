// A statement on its way to the server, as text or as bytes that are not valid text (rows, binary strings).
import { HoldfastError } from '../core/errors.ts'
import { command } from './packets/command.ts'
import { redactStatement } from './redact.ts'

export type Statement = string | Uint8Array

/** ER_NET_PACKET_TOO_LARGE: what the server would answer, before it closes the connection. */
const packetTooLarge = 1153

/** COM_QUERY. Throws SERVER_ERROR with errno 1153 when the server would not take a packet this long. */
export function queryToBytes(statement: Statement, maxAllowedPacketBytes: number): Buffer {
  const length = typeof statement === 'string' ? Buffer.byteLength(statement) : statement.length
  checkStatementLength(statement, length, maxAllowedPacketBytes)
  const packet = Buffer.allocUnsafe(1 + length)
  packet[0] = command.query
  if (typeof statement === 'string') packet.write(statement, 1, 'utf8')
  else packet.set(statement, 1)
  return packet
}

export function checkStatementLength(
  statement: Statement,
  length: number,
  maxAllowedPacketBytes: number,
): void {
  if (length < maxAllowedPacketBytes) return
  throw new HoldfastError(
    'SERVER_ERROR',
    `a statement of ${length} bytes is longer than max_allowed_packet (${maxAllowedPacketBytes} bytes) of the server`,
    { errno: packetTooLarge, sqlState: '08S01', statement: redactStatement(statementText(statement)) },
    { hint: 'Raise it with: SET GLOBAL max_allowed_packet = 1073741824' },
  )
}

/** The head of a statement for messages. */
export function statementText(statement: Statement): string {
  if (typeof statement === 'string') return statement
  const head = Buffer.from(statement.buffer, statement.byteOffset, Math.min(statement.length, 64 * 1024))
  return head.toString('utf8')
}

// The packet that says a command failed (Protocol::ERR_Packet).
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'

export interface ErrPacket {
  readonly errno: number
  /** Five characters; '' before the login, where servers leave it out. */
  readonly sqlState: string
  readonly message: string
}

export const errHeader = 0xff
const sqlStateMarker = 0x23 // '#'

export function isErr(packet: Buffer): boolean {
  return packet[0] === errHeader
}

export function parseErr(packet: Buffer): ErrPacket {
  const reader = new ByteReader(packet, { what: 'ERR packet' })
  const header = reader.u8()
  if (header !== errHeader) throw reader.malformed('an ERR packet', `header 0x${header.toString(16)}`, 0)
  const errno = reader.u16()
  // Errors before the login (too many connections, host blocked) come without a state.
  const hasState = packet[reader.offset] === sqlStateMarker
  if (hasState) reader.skip(1)
  const sqlState = hasState ? reader.take(5).toString('latin1') : ''
  return { errno, sqlState, message: reader.rest().toString('utf8') }
}

export function errToBytes(err: ErrPacket): Buffer {
  const writer = new ByteWriter().u8(errHeader).u16(err.errno)
  if (err.sqlState !== '') writer.u8(sqlStateMarker).text(err.sqlState)
  return writer.text(err.message).toBuffer()
}

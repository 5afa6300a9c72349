// The packet that says a command was done (Protocol::OK_Packet without session tracking).
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'

export interface OkPacket {
  readonly affectedRows: number
  readonly lastInsertId: bigint
  readonly status: number
  readonly warnings: number
  /** Human text, e.g. 'Records: 3  Deleted: 0  Skipped: 0  Warnings: 0'. */
  readonly info: string
}

export const okHeader = 0x00

export function parseOk(packet: Buffer): OkPacket {
  const reader = new ByteReader(packet, { what: 'OK packet' })
  const header = reader.u8()
  if (header !== okHeader) throw reader.malformed('an OK packet', `header 0x${header.toString(16)}`, 0)
  return {
    affectedRows: reader.lenenc(),
    lastInsertId: reader.lenencBig(),
    status: reader.u16(),
    warnings: reader.u16(),
    info: infoText(reader),
  }
}

export function okToBytes(ok: OkPacket): Buffer {
  const writer = new ByteWriter()
    .u8(okHeader)
    .lenenc(ok.affectedRows)
    .lenenc(ok.lastInsertId)
    .u16(ok.status)
    .u16(ok.warnings)
  return (ok.info === '' ? writer : writer.lenencText(ok.info)).toBuffer()
}

/**
 * The manual says string<EOF>, but both servers send a length-encoded string (net_send_ok, net_store_data), and
 * MySQL leaves it out when it is empty.
 */
function infoText(reader: ByteReader): string {
  return reader.remaining === 0 ? '' : reader.lenencBytes().toString('utf8')
}

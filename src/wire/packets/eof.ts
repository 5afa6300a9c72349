// The packet that ends column definitions and rows (Protocol::EOF_Packet).
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'

export interface EofPacket {
  readonly warnings: number
  readonly status: number
}

export const eofHeader = 0xfe

/** A row may begin with 0xfe too: the length of a first value of 16 MiB or more. Then the packet is longer than 8 bytes. */
export function isEof(packet: Buffer): boolean {
  return packet[0] === eofHeader && packet.length < 9
}

export function parseEof(packet: Buffer): EofPacket {
  const reader = new ByteReader(packet, { what: 'EOF packet' })
  if (!isEof(packet)) throw reader.malformed('an EOF packet', `header 0x${packet[0]?.toString(16)}`)
  reader.skip(1)
  return { warnings: reader.u16(), status: reader.u16() }
}

export function eofToBytes(eof: EofPacket): Buffer {
  return new ByteWriter().u8(eofHeader).u16(eof.warnings).u16(eof.status).toBuffer()
}

// The server's request for the data of a LOAD DATA LOCAL statement (Protocol::LOCAL INFILE Request).
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'

export const localInfileHeader = 0xfb

/** The file name the server asks for. We never open it: it is only for messages. */
export function parseLocalInfileRequest(packet: Buffer): string {
  const reader = new ByteReader(packet, { what: 'LOCAL INFILE request' })
  const header = reader.u8()
  if (header !== localInfileHeader) {
    throw reader.malformed('a LOCAL INFILE request', `header 0x${header.toString(16)}`, 0)
  }
  return reader.rest().toString('utf8')
}

export function localInfileRequestToBytes(fileName: string): Buffer {
  return new ByteWriter().u8(localInfileHeader).text(fileName).toBuffer()
}

// One row of a text result: length-encoded values, 0xfb for NULL (Protocol::ResultsetRow).
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'

const nullHeader = 0xfb

/** The values as bytes, views of the packet. Throws MalformedDataError unless the packet holds exactly `columns` values. */
export function parseTextRow(packet: Buffer, columns: number): (Buffer | null)[] {
  const reader = new ByteReader(packet, { what: 'row' })
  const values: (Buffer | null)[] = []
  for (let index = 0; index < columns; index++) {
    if (packet[reader.offset] === nullHeader) {
      reader.skip(1)
      values.push(null)
    } else {
      values.push(reader.lenencBytes())
    }
  }
  if (reader.remaining > 0) throw reader.malformed('the end of the row', `${reader.remaining} more bytes`)
  return values
}

export function textRowToBytes(values: readonly (Uint8Array | string | null)[]): Buffer {
  const writer = new ByteWriter()
  for (const value of values) {
    if (value === null) writer.u8(nullHeader)
    else if (typeof value === 'string') writer.lenencText(value)
    else writer.lenencBytes(value)
  }
  return writer.toBuffer()
}

// MariaDB's compressed events: how a query or the rows of an event are packed with zlib.
import { inflateSync } from 'node:zlib'
import type { ByteReader } from '../bytes/byte-reader.ts'

/**
 * Unpacks all that is left: a byte `1 aaa bbbb` (a: algorithm, 0 = zlib; b: length of the length), the plain length in big
 * endian, zlib data. (binlog_buf_compress of MariaDB's sql/log_event.cc.) The claimed length only ever bounds the result.
 */
export function readCompressedBytes(reader: ByteReader): Buffer {
  const head = reader.u8()
  if ((head & 0xf0) !== 0x80) throw reader.malformed('a zlib header of MariaDB', `0x${head.toString(16)}`)
  const lengthBytes = head & 0x0f
  if (lengthBytes < 1 || lengthBytes > 4)
    throw reader.malformed('a length of 1 to 4 bytes', String(lengthBytes))
  const plainBytes = reader.take(lengthBytes).readUIntBE(0, lengthBytes)
  const packed = reader.rest()
  // Deflate cannot expand more than 1032 : 1, so a larger claim is false and must not be believed by an allocator.
  if (plainBytes > packed.length * 1032)
    throw reader.malformed(`at most ${packed.length * 1032} bytes unpacked`, `${plainBytes}`)
  const plain = inflate(reader, packed, plainBytes)
  if (plain.length !== plainBytes) throw reader.malformed(`${plainBytes} bytes unpacked`, `${plain.length}`)
  return plain
}

function inflate(reader: ByteReader, packed: Buffer, plainBytes: number): Buffer {
  if (plainBytes === 0) throw reader.malformed('a plain length above 0', '0')
  try {
    return inflateSync(packed, { maxOutputLength: plainBytes })
  } catch (error) {
    throw reader.malformed('zlib data', error instanceof Error ? error.message : String(error))
  }
}

// Streams as mariadb-backup and xtrabackup write them, chunk by chunk.
import { crc32 } from 'node:zlib'

/** A chunk of type `P` with a payload, or `E` without one. */
export function chunk(type: string, path: string, offset = 0n, payload = Buffer.alloc(0), flags = 0): Buffer {
  const head = Buffer.alloc(14)
  head.write('XBSTCK01', 'latin1')
  head.writeUInt8(flags, 8)
  head.write(type, 9, 'latin1')
  head.writeUInt32LE(Buffer.byteLength(path), 10)
  if (type === 'E') return Buffer.concat([head, Buffer.from(path)])
  const payloadHead = Buffer.alloc(20)
  payloadHead.writeBigUInt64LE(BigInt(payload.length), 0)
  payloadHead.writeBigUInt64LE(offset, 8)
  payloadHead.writeUInt32LE(crc32(payload), 16)
  return Buffer.concat([head, Buffer.from(path), payloadHead, payload])
}

/** A file that comes in one piece. */
export function wholeFile(path: string, content: string | Buffer): Buffer {
  return Buffer.concat([chunk('P', path, 0n, Buffer.from(content)), chunk('E', path)])
}

/** Each span: bytes of a hole, and what follows it. */
export function sparseChunk(
  path: string,
  offset: bigint,
  spans: readonly (readonly [skipped: number, bytes: string | Buffer])[],
): Buffer {
  const payload = Buffer.concat(spans.map(([, bytes]) => Buffer.from(bytes)))
  const map = Buffer.alloc(spans.length * 8)
  for (const [at, [skipped, bytes]] of spans.entries()) {
    map.writeUInt32LE(skipped, at * 8)
    map.writeUInt32LE(bytes.length, at * 8 + 4)
  }
  const plain = chunk('S', path, offset, payload)
  const behindPath = 14 + path.length
  const count = Buffer.alloc(4)
  count.writeUInt32LE(spans.length)
  const head = Buffer.from(plain.subarray(behindPath, behindPath + 20))
  head.writeUInt32LE(crc32(payload, crc32(map)), 16)
  return Buffer.concat([plain.subarray(0, behindPath), count, head, map, payload])
}

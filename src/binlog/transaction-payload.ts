// MySQL's compressed transactions: a whole transaction's events inside of one event, packed with zstd.
import { createZstdDecompress } from 'node:zlib'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { type BinlogEvent, eventBody } from './binlog-event.ts'
import { decodeEventHeader, eventHeaderBytes } from './event-header.ts'

export interface TransactionPayload {
  readonly compression: 'zstd' | 'none'
  readonly payload: Buffer
  /** What the writer says; nothing is allocated by it. */
  readonly plainBytes: number
}

// Transaction_payload_event: OTW_PAYLOAD_HEADER_END_MARK 0, SIZE 1, COMPRESSION_TYPE 2, UNCOMPRESSED_SIZE 3.
const endMark = 0
const sizeField = 1
const compressionField = 2
const plainSizeField = 3

/** Reads TRANSACTION_PAYLOAD_EVENT without unpacking it. Throws MalformedDataError. */
export function decodeTransactionPayload(event: BinlogEvent): TransactionPayload {
  const reader = eventBody(event)
  let compression = 255
  let size: number | undefined
  let plainBytes = 0
  for (;;) {
    const field = reader.lenenc()
    if (field === endMark) break
    const length = reader.lenenc()
    const end = reader.offset + length
    if (length > reader.remaining) throw reader.malformed(`a field of ${length} bytes`, `${reader.remaining}`)
    if (field === sizeField) size = reader.lenenc()
    else if (field === compressionField) compression = reader.lenenc()
    else if (field === plainSizeField) plainBytes = reader.lenenc()
    else reader.skip(length)
    if (reader.offset !== end) throw reader.malformed(`a field that ends at ${end}`, `${reader.offset}`)
  }
  if (compression !== 0 && compression !== 255) {
    throw reader.malformed('compression 0 (zstd) or 255 (none)', String(compression))
  }
  const payload = reader.rest()
  if (size !== undefined && size !== payload.length) {
    throw reader.malformed(`a payload of ${size} bytes`, `${payload.length}`)
  }
  return {
    compression: compression === 0 ? 'zstd' : 'none',
    payload,
    plainBytes: plainBytes || payload.length,
  }
}

/**
 * The events inside of a payload, in order, unpacked as they are asked for: never more than one of them and a buffer of zstd
 * at a time. They have no checksum, and their positions are those of the payload event. Throws MalformedDataError.
 */
export async function* unpackTransactionPayload(event: BinlogEvent): AsyncGenerator<BinlogEvent> {
  const { compression, payload } = decodeTransactionPayload(event)
  const source = compression === 'none' ? [payload] : unzstd(payload, event.offset)
  let pending: Buffer[] = []
  let pendingBytes = 0
  let wanted = eventHeaderBytes
  for await (const chunk of source) {
    pending.push(chunk)
    pendingBytes += chunk.length
    if (pendingBytes < wanted) continue
    const bytes = pending.length === 1 ? chunk : Buffer.concat(pending, pendingBytes)
    let start = 0
    wanted = eventHeaderBytes
    while (bytes.length - start >= eventHeaderBytes) {
      const header = decodeEventHeader(bytes, start, event.offset)
      if (bytes.length - start < header.length) {
        wanted = header.length
        break
      }
      yield {
        header,
        bytes: bytes.subarray(start, start + header.length),
        offset: event.offset,
        isPacked: true,
        format: event.format,
      }
      start += header.length
    }
    pending = [bytes.subarray(start)]
    pendingBytes = bytes.length - start
  }
  if (pendingBytes === 0) return
  throw new MalformedDataError({
    what: 'transaction payload',
    offset: event.offset,
    expected: `${wanted} bytes of an event`,
    found: `the end after ${pendingBytes}`,
  })
}

async function* unzstd(payload: Buffer, offset: number): AsyncGenerator<Buffer> {
  const stream = createZstdDecompress()
  stream.end(payload)
  try {
    for await (const chunk of stream) yield chunk
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause)
    throw new MalformedDataError(
      { what: 'transaction payload', offset, expected: 'zstd data', found },
      { cause },
    )
  } finally {
    stream.destroy()
  }
}

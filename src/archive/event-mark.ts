// Remembers an event by its place and its hash.
import { createHash } from 'node:crypto'
import type { BinlogEvent } from '../binlog/binlog-event.ts'
import type { EventMark } from '../core/segment-index.ts'

export function markOf({ bytes, offset }: BinlogEvent): EventMark {
  return { offset, length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

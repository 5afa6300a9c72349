// Whether MariaDB's redo log (10.8 and newer) goes on behind its last checkpoint: after a clean shutdown only the mark of it follows.
// Source: storage/innobase/log/log0recv.cc (recv_sys_t::parse) and include/mtr0log.h.
import { crc32c } from '../../bytes/crc32c.ts'
import type { RedoEnd, RedoFile } from './redo-end.ts'

/** log_t::FORMAT_10_8, "Phys"; its highest bit is set where the log is encrypted. */
const format = 0x5068_7973
/** log_t::CHECKPOINT_1 and _2, and START_OFFSET: where records begin. */
const checkpointsAt = [4096, 8192]
const startOffset = 12_288
/** SIZE_OF_FILE_CHECKPOINT: the mini-transaction that every checkpoint ends with. */
const checkpointMarkBytes = 16n
/** How far the next mini-transaction is looked at; a longer one counts as there. */
const lookBytes = 256 * 1024

/** `file` is ib_logfile0. Of a log of another format, or an encrypted one, only who wrote it is told; undefined where not even that is there. */
export async function mariadbRedoEnd(file: RedoFile): Promise<RedoEnd | undefined> {
  const header = await file.read(0, startOffset)
  // LOG_HEADER_CREATOR, in clear and at this place since 10.2.
  const creator = header.toString('latin1', 16, 48).replace(/\0.*$/s, '')
  if (!creator.startsWith('MariaDB ')) return undefined
  const isAtCheckpoint = await endsAtCheckpoint(file, header)
  return { creator, isAtCheckpoint }
}

async function endsAtCheckpoint(file: RedoFile, header: Buffer): Promise<boolean | undefined> {
  if (header.length < startOffset || header.readUInt32BE(0) !== format) return undefined
  const firstLsn = header.readBigUInt64BE(8)
  const capacity = BigInt(file.sizeBytes - startOffset)
  const ends = checkpointsAt
    .filter((at) => isSoundCheckpoint(header, at))
    .map((at) => header.readBigUInt64BE(at + 8))
  if (ends.length === 0) return undefined
  // Behind the checkpoint's own end stands its mark, and nothing else.
  const lsn = ends.reduce((a, b) => (a > b ? a : b)) + checkpointMarkBytes
  const bytes = await readRing(file, Number((lsn - firstLsn) % capacity), Number(capacity))
  return !isMiniTransaction(bytes, (at) => ((lsn + BigInt(at) - firstLsn) / capacity) % 2n === 0n)
}

function isSoundCheckpoint(header: Buffer, at: number): boolean {
  return header.readUInt32BE(at + 60) === crc32c(header, at, at + 60)
}

async function readRing(file: RedoFile, offset: number, capacity: number): Promise<Buffer> {
  const first = await file.read(startOffset + offset, Math.min(lookBytes, capacity - offset))
  return first.length === lookBytes
    ? first
    : Buffer.concat([first, await file.read(startOffset, lookBytes - first.length)])
}

/**
 * Goes from record to record to the mark at the end: the bit of this turn of the ring, then a checksum. What an earlier turn left has the
 * other bit. `hasBit` tells for an offset whether 1 is its bit.
 */
function isMiniTransaction(bytes: Buffer, hasBit: (at: number) => boolean): boolean {
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at]!
    if (first <= 1) {
      if ((first === 1) !== hasBit(at) || at === 0 || at + 5 > bytes.length) return false
      return bytes.readUInt32BE(at + 1) === crc32c(bytes, 0, at)
    }
    // The low four bits are the length of what follows; 0 means that a number follows that says how much longer than 15.
    const short = first & 0xf
    if (short === 0 && at + 6 > bytes.length) return true
    at += short === 0 ? 16 + readVarint(bytes, at + 1) : 1 + short
  }
  return true
}

/** mlog_decode_varint: each length begins where the shorter one ends. */
function readVarint(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return first
  if (first < 0xc0) return 0x80 + (((first & 0x3f) << 8) | bytes[at + 1]!)
  if (first < 0xe0) return 0x4080 + (((first & 0x1f) << 16) | bytes.readUInt16BE(at + 1))
  if (first < 0xf0) return 0x20_4080 + (((first & 0x0f) << 24) | bytes.readUIntBE(at + 1, 3))
  return 0x1020_4080 + bytes.readUInt32BE(at + 1)
}

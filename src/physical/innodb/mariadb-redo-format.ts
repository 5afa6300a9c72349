// The format of MariaDB's redo log (10.8 and newer): a ring of mini-transactions behind a header with two checkpoints.
// Source: storage/innobase/include/log0log.h, mtr0log.h and log/log0recv.cc (recv_sys_t::parse).
import { crc32c } from '../../bytes/crc32c.ts'

/** log_t::FORMAT_10_8, "Phys"; its highest bit is set where the log is encrypted. */
const formats = { plain: 0x5068_7973, encrypted: 0xd068_7973 } as const
/** log_t::CHECKPOINT_1 and _2, and START_OFFSET: where records begin. */
const checkpointsAt = [4096, 8192] as const
export const redoStartOffset = 12_288

const firstLsnAt = 8
/** The rest of the block (512 bytes) ends with its checksum. */
const headerSumAt = 508
const checkpointSumAt = 60
/** The mark of the turn, and a checksum. */
const endBytes = 5

/** mfile_type_t. */
const fileDelete = 0x90

export interface RingHeader {
  readonly bytes: Buffer
  readonly firstLsn: bigint
  /** The newest of those that are whole. */
  readonly checkpoint: { readonly at: number; readonly lsn: bigint; readonly end: bigint }
}

/** Undefined for a log of another format, and while no checkpoint in it is whole. */
export function readRingHeader(bytes: Buffer): RingHeader | undefined {
  if (bytes.length < redoStartOffset || bytes.readUInt32BE(0) !== formats.plain) return undefined
  const found = checkpointsAt
    .filter((at) => bytes.readUInt32BE(at + checkpointSumAt) === crc32c(bytes, at, at + checkpointSumAt))
    .map((at) => ({ at, lsn: bytes.readBigUInt64BE(at), end: bytes.readBigUInt64BE(at + 8) }))
    .toSorted((a, b) => (a.lsn < b.lsn ? -1 : 1))
  const checkpoint = found.at(-1)
  return checkpoint === undefined
    ? undefined
    : { bytes, firstLsn: bytes.readBigUInt64BE(firstLsnAt), checkpoint }
}

export function isEncryptedRing(header: Buffer): boolean {
  return header.length >= 4 && header.readUInt32BE(0) === formats.encrypted
}

/** The header of a log that begins with `firstLsn` and has this checkpoint alone. */
export function straightHeader({ bytes, checkpoint }: RingHeader, firstLsn: bigint): Buffer {
  const header = Buffer.alloc(redoStartOffset)
  bytes.copy(header, 0, 0, headerSumAt)
  header.writeBigUInt64BE(firstLsn, firstLsnAt)
  header.writeUInt32BE(crc32c(header, 0, headerSumAt), headerSumAt)
  bytes.copy(header, checkpoint.at, checkpoint.at, checkpoint.at + 64)
  return header
}

/**
 * Where the mini-transaction that begins at `from` ends, or that there is none, or that it goes on behind what is there of it. `turnBit` tells for an
 * offset which bit (0 or 1) stands there in this turn of the ring, so that what an earlier turn left is none.
 */
export function endOfMiniTransaction(
  bytes: Buffer,
  from: number,
  turnBit: (at: number) => number,
): number | 'none' | 'goes on' {
  for (let at = from; at < bytes.length; ) {
    const first = bytes[at]!
    if (first <= 1) {
      if (at === from || first !== turnBit(at)) return 'none'
      if (at + endBytes > bytes.length) return 'goes on'
      return bytes.readUInt32BE(at + 1) === crc32c(bytes, from, at) ? at + endBytes : 'none'
    }
    // The low four bits are the length of what follows; 0 means that a number follows that says how much longer than 15.
    const short = first & 0xf
    if (short !== 0) at += 1 + short
    else if (at + 6 > bytes.length) return 'goes on'
    else at += 16 + readVarint(bytes, at + 1)
  }
  return 'goes on'
}

/** FILE_DELETE, which stands alone in its mini-transaction (mtr_t::commit_file): the tablespace of which a file is deleted by the one that begins at `from`. */
export function deletedSpace(bytes: Buffer, from: number): number | undefined {
  const first = bytes[from]!
  if ((first & 0xf0) !== fileDelete) return undefined
  // A length of its own is of two bytes at most: names have no more than 512.
  const lengthBytes = (first & 0xf) !== 0 ? 0 : bytes[from + 1]! < 0x80 ? 1 : 2
  return readVarint(bytes, from + 1 + lengthBytes)
}

/** Which bit ends mini-transactions in the turn of the ring that an LSN lies in (log_t::get_sequence_bit). */
export function turnBit(lsn: bigint, firstLsn: bigint, capacity: bigint): 0 | 1 {
  return ((lsn - firstLsn) / capacity) % 2n === 0n ? 1 : 0
}

/** Has a mini-transaction that ends at `end` say that it is of the first turn of a ring. */
export function markFirstTurn(bytes: Buffer, end: number): void {
  bytes[end - endBytes] = 1
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

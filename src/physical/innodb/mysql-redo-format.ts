// The format of MySQL's redo log (8.0.30 and newer): files that follow one another, each a header and blocks of 512 bytes.
// Source: storage/innobase/include/log0constants.h, log0types.h and log0files_io.cc.
import { crc32c } from '../../bytes/crc32c.ts'

/** OS_FILE_LOG_BLOCK_SIZE. */
export const redoBlockBytes = 512
/** LOG_FILE_HDR_SIZE: four blocks. */
export const redoHeaderBytes = 4 * redoBlockBytes
/** LOG_CHECKPOINT_1 and _2. */
export const redoCheckpointsAt = [512, 1536] as const

const startLsnAt = 8
const flagsAt = 48
/** LOG_HEADER_FLAG_FILE_FULL, bit 4: nothing more is written to the file, and another follows. */
const fullFlag = 1 << 3
/** LOG_BLOCK_HDR_SIZE: the first byte of a block that has data. */
export const redoBlockHeaderBytes = 12
const dataLengthAt = 4
const firstGroupAt = 6
const checksumAt = redoBlockBytes - 4
/** LOG_BLOCK_MAX_NO. */
const blockNumbers = 0x3fff_ffff + 1

export interface RedoHeader {
  readonly startLsn: bigint
  readonly isFull: boolean
  /** Of the two checkpoints those that are whole; most files have none. */
  readonly checkpoints: readonly { readonly at: number; readonly lsn: bigint }[]
}

/** Undefined for a header that is not whole. */
export function readRedoHeader(header: Buffer): RedoHeader | undefined {
  if (header.length < redoHeaderBytes || !isSummed(header, 0)) return undefined
  return {
    startLsn: header.readBigUInt64BE(startLsnAt),
    isFull: (header.readUInt32BE(flagsAt) & fullFlag) !== 0,
    checkpoints: redoCheckpointsAt
      .filter((at) => isSummed(header, at))
      .map((at) => ({ at, lsn: header.readBigUInt64BE(at + 8) }))
      .filter(({ lsn }) => lsn > 0n),
  }
}

/** Takes the mark off that another file follows. */
export function markAsLast(header: Buffer): void {
  header.writeUInt32BE(header.readUInt32BE(flagsAt) & ~fullFlag, flagsAt)
  header.writeUInt32BE(crc32c(header, 0, checksumAt), checksumAt)
}

/** Whether the block at `at` is whole, and that of this LSN (a multiple of 512): how much of it is used, or undefined. */
export function usedOfBlock(bytes: Buffer, at: number, lsn: bigint): number | undefined {
  // log_block_convert_lsn_to_hdr_no.
  const number = 1 + Number((lsn / BigInt(redoBlockBytes)) % BigInt(blockNumbers))
  if ((bytes.readUInt32BE(at) & 0x7fff_ffff) !== number || !isSummed(bytes, at)) return undefined
  return bytes.readUInt16BE(at + dataLengthAt)
}

/** Has the log end within a block: at byte `used` of it. */
export function cutBlock(bytes: Buffer, at: number, used: number): void {
  bytes.writeUInt16BE(used, at + dataLengthAt)
  if (bytes.readUInt16BE(at + firstGroupAt) >= used) bytes.writeUInt16BE(0, at + firstGroupAt)
  bytes.fill(0, at + Math.max(used, redoBlockHeaderBytes), at + checksumAt)
  bytes.writeUInt32BE(crc32c(bytes, at, at + checksumAt), at + checksumAt)
}

function isSummed(bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(at + checksumAt) === crc32c(bytes, at, at + checksumAt)
}

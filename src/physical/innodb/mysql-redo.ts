// Whether MySQL's redo log (8.0.30 and newer) goes on behind its last checkpoint: after a clean shutdown it does not.
// Source: storage/innobase/include/log0constants.h and log0files_io.cc.
import type { RedoEnd, RedoFile } from './redo-end.ts'

/** LOG_FILE_HDR_SIZE: four blocks of 512 bytes, before the first data block. */
const headerBytes = 2048
const blockBytes = 512
/** LOG_CHECKPOINT_1 and _2; the LSN is at LOG_CHECKPOINT_LSN in them. */
const checkpointsAt = [512, 1536]
const checkpointLsnAt = 8
/** LOG_BLOCK_HDR_DATA_LEN: bytes of the block that are used, its header among them. */
const dataLengthAt = 4
/** LOG_BLOCK_ENCRYPT_BIT_MASK is set beside it; the header of a block is never encrypted. */
const dataLengthMask = 0x7fff
const creatorAt = 16

/** `files` are all `#ib_redoN`. Undefined when no checkpoint lies in any of them. */
export async function mysqlRedoEnd(files: readonly RedoFile[]): Promise<RedoEnd | undefined> {
  let checkpoint = 0n
  let creator = ''
  const starts: { readonly file: RedoFile; readonly start: bigint }[] = []
  for (const file of files) {
    const header = await file.read(0, headerBytes)
    // LOG_HEADER_START_LSN.
    starts.push({ file, start: header.readBigUInt64BE(8) })
    creator = header.toString('latin1', creatorAt, creatorAt + 32).replace(/\0.*$/s, '')
    for (const at of checkpointsAt) {
      const lsn = header.readBigUInt64BE(at + checkpointLsnAt)
      if (lsn > checkpoint) checkpoint = lsn
    }
  }
  for (const { file, start } of starts) {
    const offset = Number(checkpoint - start) + headerBytes
    if (checkpoint < start || offset >= file.sizeBytes) continue
    const block = await file.read(offset - (offset % blockBytes), blockBytes)
    // Nothing was written behind the checkpoint when its block ends right there.
    const usedBytes = block.readUInt16BE(dataLengthAt) & dataLengthMask
    return { creator, isAtCheckpoint: usedBytes === offset % blockBytes }
  }
  return undefined
}

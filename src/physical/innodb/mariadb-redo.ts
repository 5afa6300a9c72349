// Whether MariaDB's redo log goes on behind its last checkpoint: after a clean shutdown only the mark of it follows.
import {
  endOfMiniTransaction,
  type RingHeader,
  readRingHeader,
  redoStartOffset,
  turnBit,
} from './mariadb-redo-format.ts'
import type { RedoEnd, RedoFile } from './redo-end.ts'

/** SIZE_OF_FILE_CHECKPOINT: the mini-transaction that every checkpoint ends with. */
const checkpointMarkBytes = 16n
/** How far the next mini-transaction is looked at; a longer one counts as there. */
const lookBytes = 256 * 1024

/** `file` is ib_logfile0. Of a log of another format, or an encrypted one, only who wrote it is told; undefined where not even that is there. */
export async function mariadbRedoEnd(file: RedoFile): Promise<RedoEnd | undefined> {
  const header = await file.read(0, redoStartOffset)
  // LOG_HEADER_CREATOR, in clear and at this place since 10.2.
  const creator = header.toString('latin1', 16, 48).replace(/\0.*$/s, '')
  if (!creator.startsWith('MariaDB ')) return undefined
  return { creator, isAtCheckpoint: await endsAtCheckpoint(file, readRingHeader(header)) }
}

async function endsAtCheckpoint(
  file: RedoFile,
  header: RingHeader | undefined,
): Promise<boolean | undefined> {
  if (header === undefined) return undefined
  const { firstLsn, checkpoint } = header
  const capacity = BigInt(file.sizeBytes - redoStartOffset)
  // Behind the checkpoint's own end stands its mark, and nothing else.
  const lsn = checkpoint.end + checkpointMarkBytes
  const bytes = await readRing(file, Number((lsn - firstLsn) % capacity), Number(capacity))
  const next = endOfMiniTransaction(bytes, 0, (at) => turnBit(lsn + BigInt(at), firstLsn, capacity))
  return next === 'none'
}

async function readRing(file: RedoFile, offset: number, capacity: number): Promise<Buffer> {
  const first = await file.read(redoStartOffset + offset, Math.min(lookBytes, capacity - offset))
  return first.length === lookBytes
    ? first
    : Buffer.concat([first, await file.read(redoStartOffset, lookBytes - first.length)])
}

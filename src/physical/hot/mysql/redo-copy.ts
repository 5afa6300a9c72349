// MySQL's redo log on its way into a backup: each file when it is full, which the server is then told, and in the end up to one LSN.
import { open, readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../../core/errors.ts'
import {
  cutBlock,
  markAsLast,
  type RedoHeader,
  readRedoHeader,
  redoBlockBytes,
  redoBlockHeaderBytes,
  redoCheckpointsAt,
  redoHeaderBytes,
  usedOfBlock,
} from '../../innodb/mysql-redo-format.ts'
import type { FileIntake } from '../../pour/file-intake.ts'
import { openIfThere } from '../open-if-there.ts'

const mebibyte = 1024 * 1024
const blockBytes = BigInt(redoBlockBytes)

/** What the server has said to have written reaches the file at once; a busy disk gets some seconds. */
const patienceMs = 30_000
const pauseMs = 20

/** What was flushed is there already. */
const proofMs = 3000

interface RedoFile {
  readonly id: number
  readonly sizeBytes: number
  readonly mode: number
  readonly header: RedoHeader
}

export interface RedoCopyOptions {
  /** #innodb_redo. */
  readonly folder: string
  readonly intake: FileIntake
  /** Lets the server write over everything before this LSN. */
  readonly letGo: (lsn: bigint) => Promise<void>
  readonly read: (bytes: number) => void
  readonly signal: AbortSignal
}

export class RedoCopy {
  readonly #options: RedoCopyOptions
  readonly #checkpoint: bigint
  /** That of the file in which the checkpoint was found. */
  readonly #checkpointBlock: Buffer
  #nextId: number

  private constructor(options: RedoCopyOptions, start: StartOfRedo) {
    this.#options = options
    this.#checkpoint = start.checkpoint
    this.#checkpointBlock = start.block
    this.#nextId = start.id
  }

  /** To be called when the server keeps its log, and before the first page is read: recovery will begin at the checkpoint that it has now. */
  static async begin(options: RedoCopyOptions): Promise<RedoCopy> {
    const deadline = performance.now() + patienceMs
    for (;;) {
      const start = await findStart(options.folder)
      if (start !== undefined) return new RedoCopy(options, start)
      if (performance.now() > deadline) throw unreadable(options.folder)
      await sleep(pauseMs, undefined, { signal: options.signal })
    }
  }

  /** Whether the log in this folder is that of a server which has reached `lsn`; a copy of its directory is not. */
  async reaches(lsn: bigint): Promise<boolean> {
    const { folder, signal } = this.#options
    const deadline = performance.now() + proofMs
    for (;;) {
      if (await isReached(folder, lsn - 1n)) return true
      if (performance.now() > deadline) return false
      await sleep(pauseMs, undefined, { signal })
    }
  }

  /** Copies the files that nobody writes to any more. */
  async follow(): Promise<void> {
    for (;;) {
      const file = await readRedoFile(this.#options.folder, this.#nextId)
      if (file === undefined || !file.header.isFull) return
      const end = endOf(file)
      if (!(await this.#copyFile(file, end, false))) return
      this.#nextId += 1
      // A file that is full is followed by one that has data, so this LSN has been reached.
      await this.#options.letGo(end)
    }
  }

  /** Copies the rest up to an LSN that the server has reached: there its log ends in the backup. */
  async finish(reached: bigint): Promise<void> {
    // Right behind the header of a block: the block itself has nothing yet, and need not be there.
    const lsn = reached - (reached % blockBytes === BigInt(redoBlockHeaderBytes) ? reached % blockBytes : 0n)
    const deadline = performance.now() + patienceMs
    for (;;) {
      const file = await readRedoFile(this.#options.folder, this.#nextId)
      if (file !== undefined) {
        const isLast = lsn <= endOf(file)
        if (await this.#copyFile(file, isLast ? lsn : endOf(file), isLast)) {
          if (isLast) return
          this.#nextId += 1
          await this.#options.letGo(endOf(file))
          continue
        }
      }
      if (performance.now() > deadline) throw endsEarly(this.#options.folder, lsn)
      await sleep(pauseMs, undefined, { signal: this.#options.signal })
    }
  }

  /** False where it does not reach `end` yet, which is its own or an LSN in it. Checks every block. */
  async #copyFile({ id, sizeBytes, mode, header }: RedoFile, end: bigint, isLast: boolean): Promise<boolean> {
    const { folder, intake, read, signal } = this.#options
    const name = `#ib_redo${id}`
    await using handle = await open(path.join(folder, name), 'r')
    const within = end % blockBytes
    const lastBlock = within === 0n ? end : end - within + blockBytes
    const to = intake.open(`#innodb_redo/${name}`, { kind: 'redo', mode })
    await to.resize(0)
    const head = await readAt(handle, 0, redoHeaderBytes)
    this.#overlay(head, header, sizeBytes)
    if (isLast) markAsLast(head)
    await to.write(0, head, signal)
    const buffer = Buffer.alloc(mebibyte)
    for (let lsn = header.startLsn; lsn < lastBlock; ) {
      const length = Math.min(mebibyte, Number(lastBlock - lsn))
      const offset = redoHeaderBytes + Number(lsn - header.startLsn)
      const { bytesRead } = await handle.read(buffer, 0, length, offset)
      const bytes = buffer.subarray(0, bytesRead)
      if (bytesRead < length || !this.#isSound(bytes, lsn, end)) return false
      if (lsn + BigInt(length) > end) cutBlock(bytes, length - redoBlockBytes, Number(within))
      await to.write(offset, bytes, signal)
      read(length)
      lsn += BigInt(length)
    }
    await to.resize(sizeBytes)
    to.close()
    return true
  }

  /** The checkpoint that it began with, and no other: a later one would have recovery pass over what happened to pages since. */
  #overlay(head: Buffer, { startLsn }: RedoHeader, sizeBytes: number): void {
    for (const at of redoCheckpointsAt) head.fill(0, at, at + redoBlockBytes)
    const [first] = redoCheckpointsAt
    const end = startLsn + BigInt(sizeBytes - redoHeaderBytes)
    if (startLsn <= this.#checkpoint && this.#checkpoint < end) this.#checkpointBlock.copy(head, first)
  }

  /** Blocks before the checkpoint may be of another time; all later ones up to `end` have to be there, full but for the last. */
  #isSound(bytes: Buffer, start: bigint, end: bigint): boolean {
    for (let at = 0; at < bytes.length; at += redoBlockBytes) {
      const lsn = start + BigInt(at)
      if (lsn + blockBytes <= this.#checkpoint) continue
      const used = usedOfBlock(bytes, at, lsn)
      if (used === undefined || BigInt(used) < minimum(end - lsn, blockBytes)) return false
    }
    return true
  }
}

interface StartOfRedo {
  /** Of the file that the checkpoint lies in. */
  readonly id: number
  readonly checkpoint: bigint
  readonly block: Buffer
}

/** Undefined while a header is being written, or a file given up. */
async function findStart(folder: string): Promise<StartOfRedo | undefined> {
  let latest: { readonly lsn: bigint; readonly block: Buffer } | undefined
  const files: RedoFile[] = []
  for (const name of await readdir(folder)) {
    const id = /^#ib_redo(\d+)$/.exec(name)?.[1]
    if (id === undefined) continue
    await using handle = await openIfThere(path.join(folder, name))
    // Gone since its name was read: the server makes room.
    if (handle === undefined) return undefined
    const head = await readAt(handle, 0, redoHeaderBytes)
    const header = readRedoHeader(head)
    if (header === undefined) return undefined
    const { size, mode } = await handle.stat()
    files.push({ id: Number(id), sizeBytes: size, mode: mode & 0o7777, header })
    for (const { at, lsn } of header.checkpoints)
      if (latest === undefined || lsn > latest.lsn)
        latest = { lsn, block: head.subarray(at, at + redoBlockBytes) }
  }
  if (latest === undefined) return undefined
  const { lsn, block } = latest
  const file = files.find((each) => each.header.startLsn <= lsn && lsn < endOf(each))
  return file === undefined ? undefined : { id: file.id, checkpoint: lsn, block }
}

/** Whether the byte before the end of a log has been written. */
async function isReached(folder: string, byte: bigint): Promise<boolean> {
  for (const name of await readdir(folder)) {
    const id = /^#ib_redo(\d+)$/.exec(name)?.[1]
    const file = id === undefined ? undefined : await readRedoFile(folder, Number(id))
    if (file === undefined || byte < file.header.startLsn || byte >= endOf(file)) continue
    const within = byte % blockBytes
    // No data in the block yet: the one before ends the log.
    const block = within < BigInt(redoBlockHeaderBytes) ? byte - within - blockBytes : byte - within
    if (block < file.header.startLsn) return true
    await using handle = await openIfThere(path.join(folder, name))
    if (handle === undefined) continue
    const bytes = await readAt(handle, redoHeaderBytes + Number(block - file.header.startLsn), redoBlockBytes)
    const used = bytes.length < redoBlockBytes ? undefined : usedOfBlock(bytes, 0, block)
    if (used !== undefined && block + BigInt(used) > byte) return true
    return used === redoBlockBytes && block !== byte - within
  }
  return false
}

/** Undefined where it is not there, or being made. */
async function readRedoFile(folder: string, id: number): Promise<RedoFile | undefined> {
  await using handle = await openIfThere(path.join(folder, `#ib_redo${id}`))
  if (handle === undefined) return undefined
  const header = readRedoHeader(await readAt(handle, 0, redoHeaderBytes))
  if (header === undefined) return undefined
  const { size, mode } = await handle.stat()
  return { id, sizeBytes: size, mode: mode & 0o7777, header }
}

async function readAt(
  handle: {
    read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  },
  offset: number,
  length: number,
): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await handle.read(buffer, 0, length, offset)
  return buffer.subarray(0, bytesRead)
}

function endOf({ header, sizeBytes }: RedoFile): bigint {
  return header.startLsn + BigInt(sizeBytes - redoHeaderBytes)
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function unreadable(folder: string): HoldfastError {
  return new HoldfastError('FAILED', `no checkpoint can be found in the redo log in ${folder}`, { folder })
}

function endsEarly(folder: string, lsn: bigint): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `the redo log in ${folder} does not reach LSN ${lsn}, where the server is`,
    { folder, lsn: String(lsn) },
    { hint: 'It is perhaps not the log of that server: name its data directory with --datadir DIR.' },
  )
}

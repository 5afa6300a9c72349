// MariaDB's redo log on its way into a backup: a ring that is read before it is written over, and laid out straight.
import { type FileHandle, open, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../../core/errors.ts'
import {
  deletedSpace,
  endOfMiniTransaction,
  isEncryptedRing,
  markFirstTurn,
  type RingHeader,
  readRingHeader,
  redoStartOffset,
  straightHeader,
  turnBit,
} from '../../innodb/mariadb-redo-format.ts'
import type { FileIntake, IntakeFile } from '../../pour/file-intake.ts'

const mebibyte = 1024 * 1024
/** Blocks of the log file; what stands at which place in one stays there. */
const blockBytes = 4096n

/** With innodb_flush_log_at_trx_commit = 0 the log is written once a second, or as innodb_flush_log_at_timeout says. */
const patienceMs = 60_000
const pauseMs = 5

export interface RedoCopyOptions {
  /** innodb_log_group_home_dir. */
  readonly folder: string
  readonly intake: FileIntake
  readonly read: (bytes: number) => void
  readonly signal: AbortSignal
}

export class RedoCopy implements AsyncDisposable {
  readonly #options: RedoCopyOptions
  readonly #handle: FileHandle
  readonly #header: RingHeader
  readonly #capacity: bigint
  readonly #to: IntakeFile
  /** That of the straight log. */
  readonly #firstLsn: bigint
  /** Everything before it is in the backup. */
  #lsn: bigint
  /** Nothing behind it belongs to the backup. */
  #end: bigint | undefined
  readonly #deletedSpaces = new Set<number>()

  private constructor(
    options: RedoCopyOptions,
    {
      handle,
      header,
      sizeBytes,
      to,
    }: { handle: FileHandle; header: RingHeader; sizeBytes: number; to: IntakeFile },
  ) {
    const { lsn } = header.checkpoint
    this.#options = options
    this.#handle = handle
    this.#header = header
    this.#capacity = BigInt(sizeBytes - redoStartOffset)
    this.#to = to
    this.#firstLsn = lsn - ((lsn - header.firstLsn) % blockBytes)
    this.#lsn = lsn
  }

  /** To be called before the first page is read: recovery will begin at the checkpoint that the server has now. Throws UNSUPPORTED for an encrypted log. */
  static async begin(options: RedoCopyOptions): Promise<RedoCopy> {
    const { folder, intake, signal } = options
    const handle = await open(path.join(folder, 'ib_logfile0'), 'r')
    try {
      const { size, mode } = await handle.stat()
      const header = await readHeader(handle, folder, signal)
      const to = intake.open('ib_logfile0', { kind: 'redo', mode: mode & 0o7777 })
      const copy = new RedoCopy(options, { handle, header, sizeBytes: size, to })
      await to.write(0, straightHeader(header, copy.#firstLsn), signal)
      return copy
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }

  /** Numbers of tablespaces of which a file was deleted in what was copied. */
  get deletedSpaces(): ReadonlySet<number> {
    return this.#deletedSpaces
  }

  /** To be called before the server commits again: whatever is copied from here on, what comes behind `lsn` is not. */
  endAt(lsn: bigint): void {
    this.#end = lsn
  }

  /** Copies what is there now, of what comes before `current`: an LSN that the server has reached. */
  async follow(current: bigint): Promise<void> {
    const end = this.#end !== undefined && this.#end < current ? this.#end : current
    for (let window = mebibyte; this.#lsn < end; ) {
      const bytes = await this.#read(Math.min(window, Number(end - this.#lsn)))
      const { length, goesOn } = await this.#take(bytes)
      this.#lsn += BigInt(length)
      this.#options.read(length)
      if (length > 0) continue
      // The server has not written it yet; or it is longer.
      if (!goesOn || bytes.length < window) return
      window *= 2
    }
  }

  /**
   * Copies all up to an LSN that the server has reached, and ends the log there. Throws UNSUPPORTED where the server wrote over what had not been
   * read, or made its log anew. `current` asks for the LSN that it has reached meanwhile.
   */
  async finish(lsn: bigint, current: () => Promise<bigint>): Promise<void> {
    const deadline = performance.now() + patienceMs
    for (;;) {
      await this.follow(lsn)
      if (this.#lsn >= lsn) break
      await this.requireInTime(await current())
      if (performance.now() > deadline) throw endsEarly(this.#options.folder, lsn)
      await sleep(pauseMs, undefined, { signal: this.#options.signal })
    }
    await this.#requireSameFile()
    const used = redoStartOffset + Number(this.#lsn - this.#firstLsn)
    // Room for what recovery itself writes: at least as much as the server had, and as much again as there is.
    const wanted = Math.max(Number(this.#capacity) + redoStartOffset, 2 * used)
    await this.#to.resize(Math.ceil(wanted / mebibyte) * mebibyte)
    this.#to.close()
  }

  /** `current`: an LSN that the server has reached. Throws UNSUPPORTED where the ring has gone once round behind us, or is another. */
  async requireInTime(current: bigint): Promise<void> {
    await this.#requireSameFile()
    if (current - this.#lsn < this.#capacity) return
    throw new HoldfastError(
      'UNSUPPORTED',
      `the server wrote its redo log faster than it could be read: all of its ${this.#capacity} bytes while ${this.#options.folder} was read up to LSN ${this.#lsn}`,
      { lsn: String(this.#lsn), current: String(current) },
      {
        hint: 'Raise innodb_log_file_size, or back up when there is less to write; --method mariadb-backup has the same bound.',
      },
    )
  }

  /** What stands in the ring from where we are, behind its end that at its beginning: at most one turn. */
  async #read(length: number): Promise<Buffer> {
    const offset = Number((this.#lsn - this.#header.firstLsn) % this.#capacity)
    const bytes = Buffer.alloc(Math.min(length, Number(this.#capacity)))
    const first = Math.min(bytes.length, Number(this.#capacity) - offset)
    await this.#handle.read(bytes, 0, first, redoStartOffset + offset)
    if (first < bytes.length) await this.#handle.read(bytes, first, bytes.length - first, redoStartOffset)
    return bytes
  }

  /** Pours the whole mini-transactions that `bytes` begins with, and answers where they end, and whether one goes on behind `bytes`. */
  async #take(bytes: Buffer): Promise<{ readonly length: number; readonly goesOn: boolean }> {
    const bit = (at: number): number => turnBit(this.#lsn + BigInt(at), this.#header.firstLsn, this.#capacity)
    let end = 0
    for (;;) {
      const next = endOfMiniTransaction(bytes, end, bit)
      if (typeof next !== 'number') {
        const offset = redoStartOffset + Number(this.#lsn - this.#firstLsn)
        if (end > 0) await this.#to.write(offset, bytes.subarray(0, end), this.#options.signal)
        return { length: end, goesOn: next === 'goes on' }
      }
      const deleted = deletedSpace(bytes, end)
      if (deleted !== undefined) this.#deletedSpaces.add(deleted)
      end = next
      markFirstTurn(bytes, end)
    }
  }

  /** A server that makes its log larger or smaller writes a new file, and gives it the name in the end. */
  async #requireSameFile(): Promise<void> {
    const { folder } = this.#options
    const [ours, now] = [await this.#handle.stat(), await stat(path.join(folder, 'ib_logfile0'))]
    if (ours.ino === now.ino && ours.size === now.size) return
    throw new HoldfastError(
      'UNSUPPORTED',
      'the server made its redo log anew (SET GLOBAL innodb_log_file_size) while it was backed up',
      { folder },
      { hint: 'Run the backup again.' },
    )
  }
}

async function readHeader(handle: FileHandle, folder: string, signal: AbortSignal): Promise<RingHeader> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const bytes = Buffer.alloc(redoStartOffset)
    await handle.read(bytes, 0, redoStartOffset, 0)
    if (isEncryptedRing(bytes)) throw encrypted()
    const header = readRingHeader(bytes)
    if (header !== undefined) return header
    if (performance.now() > deadline)
      throw new HoldfastError(
        'UNSUPPORTED',
        `the redo log in ${folder} is not in the format of MariaDB 10.8 and newer`,
      )
    await sleep(pauseMs, undefined, { signal })
  }
}

function encrypted(): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    'the redo log is encrypted (innodb_encrypt_log), so nobody but the server can read it',
    {},
    { hint: 'Use --method mariadb-backup.' },
  )
}

function endsEarly(folder: string, lsn: bigint): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `the redo log in ${folder} does not reach LSN ${lsn}, where the server is`,
    { folder, lsn: String(lsn) },
    { hint: 'It is perhaps not the log of that server: name its data directory with --datadir DIR.' },
  )
}

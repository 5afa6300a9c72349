// One segment while it grows on the local disk: events appended, made durable in groups, found again after a crash.
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { BinlogEvent } from '../binlog/binlog-event.ts'
import { binlogMagic } from '../binlog/event-header.ts'
import { EventSplitter } from '../binlog/event-splitter.ts'
import { decodeFormatDescription } from '../binlog/format-description.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { ResumeState } from './resume-state.ts'
import { SegmentBuilder } from './segment-builder.ts'
import { spoolFailure } from './spool-failure.ts'

const readBytes = 1024 * 1024
/** A record of the arrival file: where the bytes end that had arrived, and when (both as doubles). */
const arrivalRecordBytes = 16

/**
 * Its data file holds exactly the bytes of the source's file from `start` on and is named `<seq>@<start>@<file>`; beside it
 * `<seq>.arrivals`, which is a help and may be lost.
 */
export class SpoolSegment {
  readonly builder: SegmentBuilder
  readonly #folder: string
  readonly #seq: number
  #data: FileHandle | undefined
  #arrivals: FileHandle | undefined
  #unwritten: Buffer[] = []
  #lastArrivalMillis = 0
  #failure: unknown

  private constructor(folder: string, seq: number, builder: SegmentBuilder) {
    this.#folder = folder
    this.#seq = seq
    this.builder = builder
  }

  /** A new one that goes on where `state` ends, or starts `newFile`. Nothing is on disk before the first flush. */
  static begin(folder: string, state: ResumeState, newFile?: string): SpoolSegment {
    return new SpoolSegment(folder, state.seq, new SegmentBuilder(state, newFile))
  }

  /**
   * The one that `state` begins, as a crash left it: read again, and cut behind its last whole event. Undefined when there is
   * none or no event of it is whole.
   */
  static async recover(folder: string, state: ResumeState): Promise<SpoolSegment | undefined> {
    const name = (await readdir(folder)).find((entry) => entry.startsWith(`${seqName(state.seq)}@`))
    if (name === undefined) return undefined
    const [, start, file] = /^\d+@(\d+)@(.*)$/s.exec(name) ?? []
    const isNewFile = start === '0'
    const builder = new SegmentBuilder(state, isNewFile ? file : undefined)
    const segment = new SpoolSegment(folder, state.seq, builder)
    const dataPath = path.join(folder, name)
    const wholeBytes = await segment.#replay(dataPath, state)
    if (builder.isEmpty) {
      await segment.remove()
      return undefined
    }
    const handle = await open(dataPath, 'r+')
    await handle.truncate(wholeBytes)
    await handle.datasync()
    await handle.close()
    await segment.#cutArrivals()
    return segment
  }

  get dataPath(): string {
    return path.join(this.#folder, `${seqName(this.#seq)}@${this.builder.start}@${this.builder.file}`)
  }

  get hasUnwritten(): boolean {
    return this.#unwritten.length > 0
  }

  append(event: BinlogEvent, arrivalMillis: number): ReturnType<SegmentBuilder['push']> {
    this.#unwritten.push(event.bytes)
    this.#lastArrivalMillis = arrivalMillis
    return this.builder.push(event, arrivalMillis)
  }

  /** Returns when everything appended is durable. Throws DISK_FULL and leaves what was durable before as it was. */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#unwritten.length === 0) return
    try {
      if (this.#data === undefined) await this.#openFiles()
      const pieces = this.#unwritten
      this.#unwritten = []
      for (let i = 0; i < pieces.length; ) i = await writeSome(this.#data!, pieces, i)
      await this.#data!.datasync()
      const record = Buffer.alloc(arrivalRecordBytes)
      record.writeDoubleLE(this.builder.end, 0)
      record.writeDoubleLE(this.#lastArrivalMillis, 8)
      await this.#arrivals!.write(record)
    } catch (error) {
      // What was not written is gone from memory: this segment ends where the disk says, and a later run finds that out.
      this.#failure = spoolFailure(error, this.dataPath)
      throw this.#failure
    }
  }

  /** The bytes on disk, in pieces. Close it first. */
  *data(): Generator<Buffer> {
    const descriptor = openSync(this.dataPath, 'r')
    try {
      for (;;) {
        const piece = Buffer.allocUnsafe(readBytes)
        const length = readSync(descriptor, piece, 0, readBytes, null)
        if (length === 0) return
        yield piece.subarray(0, length)
      }
    } finally {
      closeSync(descriptor)
    }
  }

  /** Whether the bytes on disk are those of this SHA-256. Throws ENOENT where there are none. */
  async hasBytes(sha256: string): Promise<boolean> {
    const hash = createHash('sha256')
    for (const piece of this.data()) {
      hash.update(piece)
      // A few dozen MiB: others have to be let in between.
      await setImmediate()
    }
    return hash.digest('hex') === sha256
  }

  async close(): Promise<void> {
    await this.#data?.close()
    await this.#arrivals?.close()
    this.#data = undefined
    this.#arrivals = undefined
  }

  async remove(): Promise<void> {
    await this.close()
    await rm(this.dataPath, { force: true })
    await rm(this.#arrivalsPath, { force: true })
  }

  get #arrivalsPath(): string {
    return path.join(this.#folder, `${seqName(this.#seq)}.arrivals`)
  }

  async #openFiles(): Promise<void> {
    const isNew = (await sizeOf(this.dataPath)) === undefined
    this.#data = await open(this.dataPath, 'a')
    this.#arrivals = await open(this.#arrivalsPath, 'a')
    if (!isNew) return
    if (this.builder.start === 0) this.#unwritten.unshift(binlogMagic)
    await syncFolder(this.#folder)
  }

  /** Records of bytes that were cut off must not stand before those of the bytes that will take their place. */
  async #cutArrivals(): Promise<void> {
    const records = await readFile(this.#arrivalsPath).catch(() => Buffer.alloc(0))
    let length = 0
    while (
      length + arrivalRecordBytes <= records.length &&
      records.readDoubleLE(length) <= this.builder.end
    ) {
      length += arrivalRecordBytes
    }
    if (length < records.length) await truncate(this.#arrivalsPath, length)
  }

  /** Feeds the builder from disk. Answers how many bytes of the file are whole events. */
  async #replay(dataPath: string, state: ResumeState): Promise<number> {
    const arrivals = new Arrivals(await readFile(this.#arrivalsPath).catch(() => Buffer.alloc(0)))
    const fallback = (await stat(dataPath)).mtimeMs
    const { start } = this.builder
    const format =
      start === 0 ? undefined : decodeFormatDescription(Buffer.from(state.formatEvent, 'base64'), 4)
    const splitter = new EventSplitter({ offset: start, format })
    try {
      for (const chunk of this.data()) {
        for (const event of splitter.push(chunk)) {
          this.builder.push(event, arrivals.at(event.offset + event.header.length) ?? fallback)
        }
      }
    } catch (error) {
      // The torn end of a write that was never acknowledged: it is cut off, and the source sends it again.
      if (!(error instanceof MalformedDataError)) throw error
    }
    return this.builder.end - start
  }
}

/** `writev` may write less than all of it. Answers the first piece that is not written; a piece in part is replaced by its rest. */
async function writeSome(handle: FileHandle, pieces: Buffer[], from: number): Promise<number> {
  // IOV_MAX is 1024 on Linux.
  const batch = pieces.slice(from, from + 1024)
  let { bytesWritten } = await handle.writev(batch)
  let next = from
  for (const piece of batch) {
    if (bytesWritten < piece.length) {
      pieces[next] = piece.subarray(bytesWritten)
      return next
    }
    bytesWritten -= piece.length
    next++
  }
  return next
}

/** When bytes had arrived, by where they end. Asked with rising offsets. */
class Arrivals {
  readonly #records: Buffer
  #next = 0

  constructor(records: Buffer) {
    this.#records = records
  }

  at(end: number): number | undefined {
    while (this.#next + arrivalRecordBytes <= this.#records.length) {
      if (this.#records.readDoubleLE(this.#next) >= end) return this.#records.readDoubleLE(this.#next + 8)
      this.#next += arrivalRecordBytes
    }
    return undefined
  }
}

export function seqName(seq: number): string {
  return String(seq).padStart(16, '0')
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Makes names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

// What a host notes of the packs of a backup while it is under way, so that one that follows a killed one can use them.
import { createHash } from 'node:crypto'
import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { makeFolder } from '../storage/make-folder.ts'
import { storeError, systemErrorCode } from '../storage/store-errors.ts'
import { ChunkIndex, chunkRecordBytes } from './chunk-index.ts'
import { joinKnown, type KnownChunks } from './known-chunks.ts'
import type { FilledPack } from './pack-writer.ts'

export interface UnfinishedChunks extends Omit<KnownChunks, 'backup'> {
  /** Of the file that are whole: what is behind them was being written when the process was killed. */
  readonly wholeBytes: number
}

const fileHeader = z.object({ format: z.literal(1), chunkIdKey: z.string().regex(/^[0-9a-f]{64}$/) })
const packHeader = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.number().int().nonnegative(),
  chunks: z.number().int().nonnegative(),
})

const hashBytes = 32

/**
 * A line of JSON with the key of chunk ids; then, for each pack that was put or is about to be, a line of JSON, the records of its chunks, and the SHA-256 of
 * both. Only a cache, never flushed: a host that loses it stores some chunks again.
 */
export class UnfinishedPacks {
  readonly #file: string
  readonly #chunkIdKey: Buffer
  #turn: Promise<void>

  /** Goes on behind what an earlier backup has left in the file, or begins it anew. */
  constructor(file: string, chunkIdKey: Buffer, before: UnfinishedChunks | undefined) {
    this.#file = file
    this.#chunkIdKey = chunkIdKey
    this.#turn = before === undefined ? this.#begin() : truncate(file, before.wholeBytes)
    // Whoever adds a pack is told.
    this.#turn.catch(() => undefined)
  }

  /** Undefined where there is none that can be read. */
  static async read(file: string): Promise<UnfinishedChunks | undefined> {
    const bytes = await readFile(file).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw storeError(error, 'reading', file)
    })
    return bytes && decode(bytes)
  }

  /** One after the other; throws the first failure of any. */
  add(pack: FilledPack): Promise<void> {
    const before = this.#turn
    this.#turn = before.then(async () => appendFile(this.#file, encodePack(pack)))
    return this.#turn
  }

  /** The backup is there, and known by its manifest. */
  async discard(): Promise<void> {
    await this.#turn.catch(() => undefined)
    await rm(this.#file, { force: true })
  }

  async #begin(): Promise<void> {
    await makeFolder(dirname(this.#file))
    const header = { format: 1, chunkIdKey: this.#chunkIdKey.toString('hex') }
    await writeFile(this.#file, `${JSON.stringify(header)}\n`, { mode: 0o600 })
  }
}

/** Chunks of committed backups, and of packs that no manifest names yet. */
export function withUnfinished(
  known: KnownChunks | undefined,
  unfinished: UnfinishedChunks | undefined,
): KnownChunks | undefined {
  if (unfinished === undefined || unfinished.packs.length === 0) return known
  return joinKnown([...(known === undefined ? [] : [known]), { backup: '', ...unfinished }])
}

function encodePack({ sha256, sizeBytes, chunks }: FilledPack): Buffer {
  const index = new ChunkIndex(chunks.length)
  for (const [id, place] of chunks) index.set(id, { ...place, pack: 0 })
  const header = Buffer.from(`${JSON.stringify({ sha256, sizeBytes, chunks: index.size })}\n`)
  const body = Buffer.concat([header, index.records()])
  return Buffer.concat([body, createHash('sha256').update(body).digest()])
}

function decode(bytes: Buffer): UnfinishedChunks | undefined {
  const headerEnd = bytes.indexOf(10)
  const header = fileHeader.safeParse(jsonIn(bytes, 0, headerEnd))
  if (!header.success) return undefined
  const chunks = new ChunkIndex()
  const packs: { sha256: string; sizeBytes: number }[] = []
  let at = headerEnd + 1
  for (;;) {
    const lineEnd = bytes.indexOf(10, at)
    const pack = packHeader.safeParse(jsonIn(bytes, at, lineEnd))
    if (!pack.success) break
    const { sha256, sizeBytes, chunks: count } = pack.data
    const end = lineEnd + 1 + count * chunkRecordBytes
    const hash = bytes.subarray(end, end + hashBytes)
    if (!createHash('sha256').update(bytes.subarray(at, end)).digest().equals(hash)) break
    const records = ChunkIndex.fromRecords(bytes.subarray(lineEnd + 1, end))
    for (const { id, place } of records.entries()) chunks.set(id, { ...place, pack: packs.length })
    packs.push({ sha256, sizeBytes })
    at = end + hashBytes
  }
  return { chunkIdKey: Buffer.from(header.data.chunkIdKey, 'hex'), chunks, packs, wholeBytes: at }
}

/** Undefined for what is none: a line that was not written to its end. */
function jsonIn(bytes: Buffer, start: number, end: number): unknown {
  if (end < start) return undefined
  try {
    return JSON.parse(bytes.toString('utf8', start, end))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

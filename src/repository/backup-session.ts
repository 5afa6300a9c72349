// A backup being written: takes chunks, then commits. Until the manifest is there, nothing of it exists for readers.
import type { BackupKind, BackupMethod, BackupSink, StoredBackup } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { chunkIdMaker } from './chunk-id.ts'
import { ChunkIndex } from './chunk-index.ts'
import { ChunkWriter } from './chunk-writer.ts'
import type { ChunkLocation, IndexDocument, ManifestDocument } from './documents.ts'
import type { HostState } from './host-state.ts'
import type { SessionKeys } from './key-file.ts'
import { type KnownChunks, lineOf } from './known-chunks.ts'
import type { Lease } from './lease.ts'
import { encodeManifest, newBackupId, summaryOf } from './manifest.ts'
import { segmentObjects } from './map-segments.ts'
import type { PackMakerOwner, PackMakerTicket } from './pack-maker.ts'
import type { PackReader } from './pack-reader.ts'
import { PackTable } from './pack-table.ts'
import { type FilledPack, PackWriter } from './pack-writer.ts'
import { putUnique } from './put-once.ts'
import type { RepositoryContext } from './repository-context.ts'
import type { SourceLayout } from './repository-keys.ts'
import type { UnfinishedPacks } from './unfinished-packs.ts'
import { UsedChunks } from './used-chunks.ts'

export interface BackupSessionParts {
  readonly context: RepositoryContext
  readonly layout: SourceLayout
  readonly lease: Lease
  readonly keys: SessionKeys
  readonly known: KnownChunks | undefined
  readonly state: HostState | undefined
  /** Reads what earlier sessions have stored; absent where this host has no key to it. */
  readonly earlier: PackReader | undefined
  readonly unfinished: UnfinishedPacks | undefined
  readonly kind: BackupKind
  readonly method: BackupMethod
  readonly signal: AbortSignal | undefined
  readonly emit: EmitEvent | undefined
}

/** The engine's JSON is cut into pieces of this length, so that a change in a part leaves the other parts as they are. */
const contentPieceBytes = 1024 * 1024

/** Smaller packs would make too many objects of a large backup; four threads have 48 MiB of them in memory. */
const minPackBytes = 6 * 1024 * 1024

export class BackupSession implements BackupSink, PackMakerOwner, AsyncDisposable {
  readonly id: string
  readonly startedAt = new Date().toISOString()
  readonly #parts: BackupSessionParts
  readonly #signal: AbortSignal
  readonly #ended = new AbortController()
  readonly #index: ChunkIndex
  readonly #table: PackTable
  readonly #packs: PackWriter
  readonly #chunks: ChunkWriter
  /** Chunks that pack makers store and have not told the place of yet. */
  readonly #claimed = new Set<string>()
  #isNotingFailed = false
  /** Of packs that pack makers filled. */
  #newBytes = 0
  #committing: Promise<unknown> | undefined

  constructor(parts: BackupSessionParts) {
    this.#parts = parts
    const { context, layout, lease, keys, known, signal } = parts
    this.id = newBackupId(parts.kind, Date.parse(this.startedAt))
    this.#signal = AbortSignal.any([lease.signal, this.#ended.signal, ...(signal ? [signal] : [])])
    this.#index = known?.chunks ?? new ChunkIndex()
    this.#table = new PackTable(context.store, layout, known?.packs ?? [], this.#signal)
    this.#packs = new PackWriter({
      store: context.store,
      layout,
      dataKey: keys.dataKey,
      targetBytes: context.document.packTargetBytes,
      signal: this.#signal,
      nextPack: () => this.#table.add(),
      sealed: (pack) => this.#note(pack),
      stored: (pack, stored) => this.#table.setStored(pack, stored),
    })
    this.#chunks = new ChunkWriter({
      makeId: chunkIdMaker(keys.chunkIdKey),
      packs: this.#packs,
      compressLevel: context.compressLevel,
      isKnown: (id) => this.#isKnown(id),
      stored: (id, { pack, ...place }) => {
        this.#index.set(id, { ...place, pack })
      },
    })
  }

  /** Aborted when the backup is cancelled or abandoned, and when its lease is lost: nothing that is written from then on counts. */
  get signal(): AbortSignal {
    return this.#signal
  }

  async putChunk(bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
    this.#signal.throwIfAborted()
    return this.#chunks.put(bytes, signal)
  }

  /** True when the backup may refer to this chunk: an earlier one has it, or it came to this one. */
  async holds(id: string): Promise<boolean> {
    return this.#isKnown(id)
  }

  /** True when this host has a key to earlier backups. */
  get canReadEarlier(): boolean {
    return this.#parts.earlier !== undefined
  }

  /**
   * The bytes of a chunk of an earlier backup; undefined where this host cannot read it. They are what was stored under this name, but are not
   * hashed again. Throws VERIFY_FAILED.
   */
  async readEarlier(id: string): Promise<Buffer | undefined> {
    const { earlier } = this.#parts
    const place = this.#index.find(id)
    // A pack that is being filled cannot be read yet, and has no name.
    if (earlier === undefined || place === undefined || this.#table.nameOf(place.pack) === undefined)
      return undefined
    return earlier.read(this.#locate(id), this.#signal)
  }

  /** See HostState.cellsFile; undefined on a host that keeps no state. */
  async cellsFile(): Promise<string | undefined> {
    return this.#parts.state?.cellsFile()
  }

  /** For `makers` pack makers on threads of their own, whose owner this session is. All must be flushed before the commit. */
  ticket(makers: number): PackMakerTicket {
    const { context, layout, keys } = this.#parts
    // Each maker has two packs in memory, beside a kernel of about the same size: half of what one writer alone would have.
    const { packTargetBytes } = context.document
    const packBytes = Math.min(
      packTargetBytes,
      Math.max(minPackBytes, Math.floor(packTargetBytes / makers / 2)),
    )
    const { compressLevel } = context
    return { layout, dataKey: keys.dataKey, chunkIdKey: keys.chunkIdKey, packBytes, compressLevel }
  }

  async claim(id: string): Promise<boolean> {
    this.#signal.throwIfAborted()
    if (this.#claimed.has(id) || (await this.#isKnown(id)) || this.#claimed.has(id)) return false
    this.#claimed.add(id)
    return true
  }

  filled(filled: FilledPack): void {
    const { sha256, sizeBytes, chunks } = filled
    this.#note(filled)
    const pack = this.#table.add()
    this.#table.setStored(pack, { sha256, sizeBytes })
    this.#newBytes += sizeBytes
    for (const [id, place] of chunks) {
      this.#index.set(id, { ...place, pack })
      this.#claimed.delete(id)
    }
  }

  /**
   * Makes the backup exist. All chunks are durable first, then the map of them, then the manifest. After an error the backup
   * may exist whole or not at all, never in part.
   */
  commit(result: StoredBackup): Promise<BackupSummary> {
    const committing = this.#commit(result)
    this.#committing = committing
    return committing
  }

  async #commit(result: StoredBackup): Promise<BackupSummary> {
    const { kind, method } = this.#parts
    if (result.kind !== kind || result.method !== method) {
      throw new HoldfastError(
        'BUG',
        `a ${kind} ${method} session was given a ${result.kind} ${result.method} result`,
      )
    }
    const contentIds = await this.#putContent(result.content)
    await this.#makeDurable()
    const used = new UsedChunks()
    const { segments, objects } = segmentObjects(result.objects, (id) => used.take(this.#locate(id)))
    const segmentIds: string[] = []
    for (const segment of segments) {
      segmentIds.push(await this.putChunk(Buffer.from(JSON.stringify(segment))))
    }
    const counted = { chunks: used.index.size, storedBytes: used.frameBytes }
    await this.#makeDurable()
    const content = contentIds.map((id) => used.take(this.#locate(id)))
    const index: IndexDocument = {
      format: 1,
      segments: segmentIds.map((id) => used.take(this.#locate(id))),
      packs: await this.#table.confirm(used.packs),
      objects,
    }
    const sizes = {
      plainBytes: plainBytesOf(result),
      newBytes: this.#newBytes + this.#packs.newBytes,
      ...counted,
    }
    const manifest = this.#manifest(result, content, sizes)
    await this.#putManifest(manifest, index)
    await this.#remember(manifest, used, index.packs)
    return summaryOf(manifest)
  }

  /** Ends the session; what was not committed becomes garbage. A commit that is under way is waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    // `return session.commit(…)` beside `await using` disposes before the commit is done. Its error goes to its caller.
    await Promise.allSettled([this.#committing])
    this.#ended.abort(new HoldfastError('INTERRUPTED', 'the backup was abandoned'))
    await this.#chunks.settle()
    await this.#packs.settle()
    await this.#giveLeaseBack()
  }

  /** Whatever was committed stays so; a lease that cannot be given back only makes the next writer wait. */
  async #giveLeaseBack(): Promise<void> {
    try {
      await this.#parts.lease[Symbol.asyncDispose]()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const message = `the lease could not be given back and runs out by itself within a minute: ${error.message}`
      this.#parts.emit?.({ type: 'notice', level: 'warning', message })
    }
  }

  async #makeDurable(): Promise<void> {
    await this.#chunks.drain()
    await this.#packs.flush()
  }

  async #putContent(content: unknown): Promise<readonly string[]> {
    const bytes = Buffer.from(JSON.stringify(content ?? null))
    const ids: string[] = []
    for (let start = 0; start < bytes.length; start += contentPieceBytes) {
      ids.push(await this.putChunk(bytes.subarray(start, start + contentPieceBytes)))
    }
    return ids
  }

  async #isKnown(id: string): Promise<boolean> {
    const place = this.#index.find(id)
    return place !== undefined && this.#table.isUsable(place.pack)
  }

  #locate(id: string): ChunkLocation {
    const place = this.#index.find(id)
    const pack = place && this.#table.nameOf(place.pack)
    if (place === undefined || pack === undefined) {
      throw new HoldfastError('BUG', `a backup refers to chunk ${id}, which was not stored`)
    }
    const { offset, frameBytes, plainBytes } = place
    return { id, pack, offset, frameBytes, plainBytes }
  }

  #manifest(
    result: StoredBackup,
    content: ChunkLocation[],
    sizes: ManifestDocument['sizes'],
  ): ManifestDocument {
    const { kind, method, origin, point, isPartial, warnings } = result
    const { compressLevel } = this.#parts.context
    return {
      format: 1,
      id: this.id,
      kind,
      method,
      startedAt: this.startedAt,
      finishedAt: new Date().toISOString(),
      leaseGeneration: this.#parts.lease.generation,
      origin,
      point,
      isPartial,
      warnings: [...warnings],
      sizes,
      compressLevel,
      content,
    }
  }

  async #putManifest(manifest: ManifestDocument, index: IndexDocument): Promise<void> {
    const { context, layout, lease, keys } = this.#parts
    const bytes = await encodeManifest(manifest, index, keys.dataKey)
    await lease.assertHeld()
    this.#signal.throwIfAborted()
    await putUnique(context.store, `${layout.backups}${this.id}`, bytes, this.#signal)
  }

  /** For a backup that follows this one, should it be killed; it asks the store whether the pack came. What cannot be noted costs that one its deduplication, and no more. */
  #note(pack: FilledPack): void {
    this.#parts.unfinished?.add(pack).catch((error: unknown) => {
      if (this.#isNotingFailed) return
      this.#isNotingFailed = true
      const why = error instanceof Error ? error.message : String(error)
      const message = `this host could not note what is stored so far, so a backup after a killed one would store it again: ${why}`
      this.#parts.emit?.({ type: 'notice', level: 'warning', message })
    })
  }

  /** The backup is committed, so a host that cannot remember it costs the next one its deduplication, and no more. */
  async #remember(
    manifest: ManifestDocument,
    used: UsedChunks,
    confirmed: IndexDocument['packs'],
  ): Promise<void> {
    const { state, keys, emit } = this.#parts
    if (state === undefined) return
    // Confirmed packs are in the order of `used.packs`, which the places in its index point into.
    const packs = confirmed.map(([sha256, sizeBytes]) => ({ sha256, sizeBytes }))
    try {
      await state.write(lineOf(manifest), {
        backup: this.id,
        chunkIdKey: keys.chunkIdKey,
        chunks: used.index,
        packs,
      })
      await this.#parts.unfinished?.discard()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const message = `this host could not note which chunks are stored, so the next backup may store them again: ${error.message}`
      emit?.({ type: 'notice', level: 'warning', message })
    }
  }
}

function plainBytesOf(result: StoredBackup): number {
  let bytes = 0
  for (const { chunks, plainBytes } of result.objects) {
    if (plainBytes !== undefined) bytes += plainBytes
    else for (const chunk of chunks) bytes += chunk.plainBytes
  }
  return bytes
}

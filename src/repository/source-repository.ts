// What a repository keeps of one source: its identity, its backups, and the segments of its binary logs.
import type { BackupKind, BackupMethod, BackupSource } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { RecoveryEvidence } from '../core/recovery-evidence.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import { ArchiverClaim } from './archiver-claim.ts'
import { BackupReader } from './backup-reader.ts'
import { BackupSession } from './backup-session.ts'
import { decodeCheckedJson, encodeCheckedJson, maxCheckedJsonBytes } from './checked-json.ts'
import { type CompactOptions, type CompactReport, compactSegments } from './compact-segments.ts'
import { parseDocument, sourceDocument } from './documents.ts'
import { EvidenceStore } from './evidence-store.ts'
import { HostState } from './host-state.ts'
import type { SessionKeys } from './key-file.ts'
import { KeyRing } from './key-ring.ts'
import {
  type BackupLine,
  backupKinds,
  backupLines,
  joinKnown,
  type KnownChunks,
  lineOf,
} from './known-chunks.ts'
import { Lease, type LeaseTiming } from './lease.ts'
import {
  type BackupListing,
  noSuchBackup,
  parseBackupId,
  type ReadManifest,
  readManifest,
  readManifestDocument,
  summaryOf,
} from './manifest.ts'
import { PackReader } from './pack-reader.ts'
import { type RepositoryContext, readingObject } from './repository-context.ts'
import { repositoryKey, type SourceLayout, serverKey, sourceLayout } from './repository-keys.ts'
import { type NewSegment, type SegmentRef, SegmentStore } from './segment-store.ts'
import { UnfinishedPacks, withUnfinished } from './unfinished-packs.ts'
import { type VerifyOptions, verifySource } from './verify.ts'
import type { VerifyReport } from './verify-report.ts'

export interface BeginBackupOptions {
  readonly signal?: AbortSignal | undefined
  /** Gets notices about what makes a backup store more than it had to. */
  readonly emit?: EmitEvent | undefined
  readonly leaseTiming?: LeaseTiming
}

export class SourceRepository {
  readonly name: string
  readonly #context: RepositoryContext
  readonly #layout: SourceLayout
  readonly #keyRing: KeyRing
  readonly #segments: SegmentStore
  readonly #evidence: EvidenceStore
  #segmentKeys: Promise<SessionKeys> | undefined
  #archiver: ArchiverClaim | undefined

  constructor(context: RepositoryContext, name: string) {
    this.name = name
    this.#context = context
    this.#layout = sourceLayout(name)
    this.#keyRing = new KeyRing(context, this.#layout.keys)
    const lookup = (id: string) => this.#keyRing.dataKey(id)
    this.#segments = new SegmentStore(context, this.#layout, lookup)
    this.#evidence = new EvidenceStore(context.store, this.#layout.evidence, lookup)
  }

  /** Where a mount is gone, its folder is still there, and would take everything: for nobody to find once it is mounted again. */
  async #requireRepository(signal: AbortSignal | undefined): Promise<void> {
    const { store } = this.#context
    if ((await store.head(repositoryKey, { signal })) !== undefined) return
    throw new HoldfastError('REPOSITORY_MISSING', `there is no repository in ${store.place} any more`, {
      place: store.place,
    })
  }

  /** Records which server this is, or checks that it still is the one that was recorded. Throws SOURCE_MISMATCH. */
  async ensure(identity: SourceIdentity, signal?: AbortSignal): Promise<void> {
    await this.#requireRepository(signal)
    const recorded = await this.describe(signal)
    if (recorded === undefined) {
      const document = encodeCheckedJson({ format: 1, created: new Date().toISOString(), ...identity })
      const outcome = await this.#context.store.putIfAbsent(this.#layout.identity, document, { signal })
      if (outcome === 'created') return
      return this.ensure(identity, signal)
    }
    if (sameServer(recorded, identity) || (await this.#isAdmitted(identity, signal))) return
    throw new HoldfastError(
      'SOURCE_MISMATCH',
      `'${this.name}' in ${this.#context.store.place} is ${describeServer(recorded)}, and this is ${describeServer(identity)}`,
      { source: this.name },
    )
  }

  /** Ties another server to the name besides those before: its successor. Does nothing where it is tied already. */
  async admit(identity: SourceIdentity, signal?: AbortSignal): Promise<void> {
    const recorded = await this.describe(signal)
    if (recorded === undefined) return this.ensure(identity, signal)
    if (sameServer(recorded, identity) || (await this.#isAdmitted(identity, signal))) return
    const document = encodeCheckedJson({ format: 1, created: new Date().toISOString(), ...identity })
    await this.#context.store.putIfAbsent(serverKey(this.#layout, identity), document, { signal })
  }

  async #isAdmitted(identity: SourceIdentity, signal: AbortSignal | undefined): Promise<boolean> {
    const admitted = await this.#readIdentity(serverKey(this.#layout, identity), signal)
    return admitted !== undefined && sameServer(admitted, identity)
  }

  /** Undefined when nothing was ever stored for this name. */
  async describe(signal?: AbortSignal): Promise<SourceIdentity | undefined> {
    return this.#readIdentity(this.#layout.identity, signal)
  }

  async #readIdentity(key: string, signal: AbortSignal | undefined): Promise<SourceIdentity | undefined> {
    const bytes = await this.#context.store.get(key, { length: maxCheckedJsonBytes + 1, signal })
    if (bytes === undefined) return undefined
    const { flavour, serverUuid, serverId, gtidDomainId } = await readingObject(key, async () =>
      parseDocument(sourceDocument, decodeCheckedJson(bytes, key), key),
    )
    return {
      flavour,
      serverId,
      ...(serverUuid === undefined ? {} : { serverUuid }),
      ...(gtidDomainId === undefined ? {} : { gtidDomainId }),
    }
  }

  /** Starts a backup. Holds the source's lease until the session is disposed; throws REPOSITORY_LOCKED when another does. */
  async beginBackup(
    kind: BackupKind,
    method: BackupMethod,
    options: BeginBackupOptions = {},
  ): Promise<BackupSession> {
    const { signal, emit, leaseTiming } = options
    const lease = await this.lease('backup', { signal, timing: leaseTiming })
    try {
      await this.#context.store.tidy?.()
      const state = this.#hostState()
      const unfinished = state && (await UnfinishedPacks.read(state.unfinishedFile))
      const known = withUnfinished(await this.#knownChunks(state, emit, signal), unfinished)
      const keys = await this.#keyRing.create(known?.chunkIdKey, signal)
      // Ids of another key mean nothing here; possible only when a clear source's key was lost and made anew.
      const usable = known?.chunkIdKey.equals(keys.chunkIdKey) === true ? known : undefined
      const isSameKey = unfinished?.chunkIdKey.equals(keys.chunkIdKey) === true
      const noted =
        state &&
        new UnfinishedPacks(state.unfinishedFile, keys.chunkIdKey, isSameKey ? unfinished : undefined)
      return new BackupSession({
        context: this.#context,
        layout: this.#layout,
        lease,
        keys,
        known: usable,
        state,
        earlier: this.#keyRing.canRead ? this.#packReader() : undefined,
        unfinished: noted,
        kind,
        method,
        signal,
        emit,
      })
    } catch (error) {
      await lease[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Newest last. Needs no identity. */
  async listBackups(signal?: AbortSignal): Promise<readonly BackupListing[]> {
    const listings: BackupListing[] = []
    for await (const { key } of this.#context.store.list(this.#layout.backups, { signal })) {
      const listing = parseBackupId(key.slice(this.#layout.backups.length))
      if (listing !== undefined) listings.push(listing)
    }
    return listings
  }

  async readBackup(id: string, signal?: AbortSignal): Promise<BackupSummary> {
    const key = await this.#manifestKey(id, signal)
    const lookup = (keyId: string) => this.#keyRing.dataKey(keyId)
    return summaryOf(await readManifestDocument(this.#context.store, key, id, lookup, signal))
  }

  async openBackup(
    id: string,
    signal?: AbortSignal,
  ): Promise<BackupSource & { readonly summary: BackupSummary }> {
    return this.#openReader(id, signal)
  }

  /** Keeps what a try of a backup has shown, readable by whoever can read that. */
  async putEvidence(evidence: RecoveryEvidence, signal?: AbortSignal): Promise<void> {
    const { read } = await this.#openManifest(evidence.backup, signal)
    await this.#evidence.put(evidence, await this.#keyRing.dataKey(read.dataKeyId), signal)
  }

  /** The tries of each backup that was ever tried, by the backup's id, the last one last: names for readEvidence. */
  async listEvidence(signal?: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    const tries = Map.groupBy(await this.#evidence.list(signal), ({ backup }) => backup)
    return new Map([...tries].map(([backup, found]) => [backup, found.map(({ key }) => key)]))
  }

  /** Throws VERIFY_FAILED when it is damaged. */
  async readEvidence(key: string, signal?: AbortSignal): Promise<RecoveryEvidence> {
    return this.#evidence.read(key, signal)
  }

  /** From here on this one archives the source, and whoever did before is refused: see putSegment. */
  async claimArchive(signal?: AbortSignal): Promise<void> {
    this.#archiver = await ArchiverClaim.take(this.#context.store, this.#layout.archiver, signal)
  }

  /** Throws REPOSITORY_LOCKED when another archiver has claimed the source since claimArchive. */
  async assertArchiver(signal?: AbortSignal): Promise<void> {
    await this.#archiver?.assertOwn({ signal })
  }

  /**
   * Claims a number of a timeline with a segment; needs no lease. `exists`: another writer has that number. Throws REPOSITORY_LOCKED
   * when another archiver has claimed the source.
   */
  async putSegment(
    timeline: string,
    seq: number,
    segment: NewSegment,
    signal?: AbortSignal,
  ): Promise<'created' | 'exists'> {
    await this.#requireRepository(signal)
    await this.#archiver?.assertOwn({ isLoose: true, signal })
    this.#segmentKeys ??= this.#keyRing.create(undefined, signal)
    const making = this.#segmentKeys
    const keys = await making.catch((error: unknown) => {
      if (this.#segmentKeys === making) this.#segmentKeys = undefined
      throw error
    })
    const outcome = await this.#segments.put(timeline, seq, segment, keys.dataKey, signal)
    // What went away meanwhile may not have got it.
    await this.#requireRepository(signal)
    return outcome
  }

  async listSegments(timeline?: string, signal?: AbortSignal): Promise<readonly SegmentRef[]> {
    return this.#segments.list(timeline, signal)
  }

  async readSegmentIndex(ref: SegmentRef, signal?: AbortSignal): Promise<unknown> {
    return this.#segments.readIndex(ref, signal)
  }

  readSegmentData(ref: SegmentRef, signal?: AbortSignal): AsyncIterable<Buffer> {
    return this.#segments.readData(ref, signal)
  }

  /** Puts small segments together into larger objects. Readers and the archiver may go on meanwhile. */
  async compactSegments(options: CompactOptions): Promise<CompactReport> {
    await this.#requireRepository(options.signal)
    return compactSegments(this.#context.store, this.#segments, options)
  }

  /** Looks at everything there is of this source; problems are in the report, never thrown. Throws WRONG_KEY. */
  async verify(options: VerifyOptions): Promise<VerifyReport> {
    const { store } = this.#context
    const parts = {
      source: this.name,
      store,
      layout: this.#layout,
      keyRing: this.#keyRing,
      segments: this.#segments,
      evidence: this.#evidence,
      openMap: (id: string) => this.#openMap(id, options.signal),
      readIdentity: (key: string) => this.#readIdentity(key, options.signal),
    }
    return verifySource(parts, options)
  }

  /** Takes the source's lease for some work that must be alone. Throws REPOSITORY_LOCKED. */
  async lease(
    purpose: string,
    options: { readonly signal?: AbortSignal | undefined; readonly timing?: LeaseTiming | undefined } = {},
  ): Promise<Lease> {
    const { signal, timing } = options
    return Lease.acquire(this.#context.store, this.#layout.lease, purpose, {
      signal,
      ...(timing === undefined ? {} : { timing }),
    })
  }

  async #openReader(id: string, signal: AbortSignal | undefined): Promise<BackupReader> {
    const { key, read, packs, chunkIdKey } = await this.#openManifest(id, signal)
    return BackupReader.open(key, read, packs, chunkIdKey, signal)
  }

  async #openMap(id: string, signal: AbortSignal | undefined): Promise<BackupReader> {
    const { key, read, packs, chunkIdKey } = await this.#openManifest(id, signal)
    return BackupReader.openMap(key, read, packs, chunkIdKey)
  }

  async #openManifest(
    id: string,
    signal: AbortSignal | undefined,
  ): Promise<{ key: string; read: ReadManifest; packs: PackReader; chunkIdKey: Buffer }> {
    const key = await this.#manifestKey(id, signal)
    const lookup = (keyId: string) => this.#keyRing.dataKey(keyId)
    const read = await readManifest(this.#context.store, key, id, lookup, signal)
    const { chunkIdKey } = await this.#keyRing.keys(read.dataKeyId)
    return { key, read, packs: this.#packReader(), chunkIdKey }
  }

  #packReader(): PackReader {
    return new PackReader(this.#context.store, this.#layout, (id) => this.#keyRing.dataKey(id))
  }

  async #manifestKey(id: string, signal: AbortSignal | undefined): Promise<string> {
    const key = `${this.#layout.backups}${id}`
    if (parseBackupId(id) === undefined) throw noSuchBackup(this.name, id)
    if ((await this.#context.store.head(key, { signal })) === undefined) throw noSuchBackup(this.name, id)
    return key
  }

  #hostState(): HostState | undefined {
    const { stateDirectory, document } = this.#context
    return stateDirectory === undefined ? undefined : new HostState(stateDirectory, document.id, this.name)
  }

  /**
   * Chunks to deduplicate against: of the newest backup of each line, as this host remembers it or as its manifest says. Who can read no manifest has
   * what it remembers, however old. Damage there costs deduplication, never a new backup.
   */
  async #knownChunks(
    state: HostState | undefined,
    emit: EmitEvent | undefined,
    signal: AbortSignal | undefined,
  ): Promise<KnownChunks | undefined> {
    const warn = (message: string): void => emit?.({ type: 'notice', level: 'warning', message })
    const backups = (await this.listBackups(signal)).toReversed()
    if (backups.length === 0) return undefined
    const remembered: KnownChunks[] = []
    for (const line of backupLines) {
      const known = await orWarn(warn, 'what this host remembers of its last backups', async () =>
        state?.read(line),
      )
      if (known !== undefined) remembered.push(known)
    }
    remembered.sort((a, b) => (a.backup < b.backup ? 1 : -1))
    if (!this.#keyRing.canRead) return joinKnown(remembered)
    const found: KnownChunks[] = []
    for (const kind of backupKinds) {
      const ids = backups.filter((backup) => backup.kind === kind).map(({ id }) => id)
      found.push(...(await this.#knownOf(ids, remembered, warn, signal)))
    }
    return joinKnown(found.length === 0 ? remembered : found)
  }

  /** Of backups of one kind, newest first: the newest, and where that is one of parts, the newest whole one. */
  async #knownOf(
    ids: readonly string[],
    remembered: readonly KnownChunks[],
    warn: (message: string) => void,
    signal: AbortSignal | undefined,
  ): Promise<readonly KnownChunks[]> {
    const found = new Map<BackupLine, KnownChunks>()
    for (const id of ids.slice(0, mostManifests)) {
      const map = await orWarn(warn, `backup ${id}`, () => this.#openMap(id, signal))
      if (map === undefined) continue
      const line = lineOf(map.summary)
      if (!found.has(line)) {
        const own = remembered.find(({ backup }) => backup === id)
        const known = own ?? (await orWarn(warn, `backup ${id}`, () => map.knownChunks(signal)))
        if (known !== undefined) found.set(line, known)
      }
      if (!map.summary.isPartial && found.has(line)) break
    }
    return [...found.values()]
  }
}

/** Looked at for the last whole backup behind many of parts: each manifest is read, and not its chunks. */
const mostManifests = 50

/** Undefined and a warning where stored bytes are damaged or belong to other keys. */
async function orWarn<T>(
  warn: (message: string) => void,
  what: string,
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    const isDamage =
      error instanceof MalformedDataError || isHoldfastError(error, 'VERIFY_FAILED', 'WRONG_KEY')
    if (!isDamage) throw error
    warn(`${what} cannot be used to find chunks that are stored already: ${error.message}`)
    return undefined
  }
}

function sameServer(a: SourceIdentity, b: SourceIdentity): boolean {
  if (a.flavour !== b.flavour) return false
  // A name that began with an imported dump: that does not say which server it is of.
  if (isUnknown(a) || isUnknown(b)) return true
  // MySQL's server_uuid names a server for good; MariaDB has none, there domain and server id do.
  if (a.flavour === 'mysql') return a.serverUuid === b.serverUuid
  return a.serverId === b.serverId && (a.gtidDomainId ?? 0) === (b.gtidDomainId ?? 0)
}

function isUnknown({ serverId, serverUuid }: SourceIdentity): boolean {
  return serverId === 0 && serverUuid === undefined
}

function describeServer(identity: SourceIdentity): string {
  if (isUnknown(identity)) return identity.flavour === 'mysql' ? 'a MySQL server' : 'a MariaDB server'
  return identity.flavour === 'mysql'
    ? `MySQL server ${identity.serverUuid ?? 'without uuid'}`
    : `MariaDB server ${identity.serverId} of domain ${identity.gtidDomainId ?? 0}`
}

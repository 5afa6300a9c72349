// What a backup is, whichever method made it, and the two doors through which engines see the repository.
import type { Flavour } from './flavour.ts'
import type { RecoveryPoint } from './recovery-point.ts'

export type BackupKind = 'logical' | 'physical'
export type BackupMethod = 'dump' | 'clone' | 'hot' | 'mariadb-backup' | 'cold' | 'snapshot'

/** One chunk of an object. `rows` and `rowHash` are 0 and '' for data that has no rows. */
export interface ObjectChunk {
  /** Hex of the 32-byte chunk id. */
  readonly id: string
  /** Length of the chunk before compression. */
  readonly plainBytes: number
  /** Rows that END in this chunk; a row longer than a chunk spans several. */
  readonly rows: number
  /** Order-independent hash of these rows: 128-bit sum in hex, or ''. */
  readonly rowHash: string
}

/** A named stream of bytes, in chunks: a table's rows, a data file, … */
export interface BackupObject {
  readonly name: string
  readonly chunks: readonly ObjectChunk[]
}

/** An object as an engine hands it over: its chunks can be gone through, and need not be in memory as such. */
export interface StoredObject {
  readonly name: string
  readonly chunks: Iterable<ObjectChunk> & { readonly length: number }
  /** Length of what the chunks are put together to; absent where they follow one another. */
  readonly plainBytes?: number
}

/** The server a backup was taken from. */
export interface BackupOrigin {
  readonly flavour: Flavour
  readonly serverVersion: string
  /** MySQL's server_uuid; absent on MariaDB. */
  readonly serverUuid?: string
  readonly serverId: number
  /** MariaDB's gtid_domain_id; absent on MySQL. */
  readonly gtidDomainId?: number
  /** Set in no repository: its definitions were made into those of this server for a restore. */
  readonly isTranslated?: true
}

/** What an engine hands over when all its chunks are stored. `content` is the engine's own JSON value. */
export interface StoredBackup {
  readonly kind: BackupKind
  readonly method: BackupMethod
  readonly origin: BackupOrigin
  readonly point: RecoveryPoint
  readonly content: unknown
  readonly objects: readonly StoredObject[]
  /** Some schemas or tables only: no binary log can be replayed behind it, for the log tells of all of them. */
  readonly isPartial: boolean
  readonly warnings: readonly string[]
}

/** The same, with all chunk lists in memory. */
export interface BackupResult extends StoredBackup {
  readonly objects: readonly BackupObject[]
}

/** Where an engine pours its chunks. Knows nothing of tables or files. */
export interface BackupSink {
  /**
   * Takes one chunk (at most 64 MiB) and answers its id when the sink has taken responsibility for the bytes; the caller
   * may then reuse its buffer. Waits while too much is under way: this is the back-pressure. A failed store makes this
   * call, or a later one, or the commit, fail: a chunk is durable only once the backup is committed.
   */
  putChunk(bytes: Uint8Array, signal?: AbortSignal): Promise<string>
}

/** Where a restore gets chunks back, each checked against its id before it is handed out. */
export interface BackupSource {
  readonly content: unknown
  readonly origin: BackupOrigin
  readonly point: RecoveryPoint
  /** Names of all objects, in the order they were stored. */
  objectNames(): readonly string[]
  /** The chunk list of an object. Throws VERIFY_FAILED when it cannot be read whole. */
  object(name: string, signal?: AbortSignal): Promise<BackupObject>
  /** The bytes of a chunk. Throws VERIFY_FAILED when they are missing or not what the id says. */
  getChunk(id: string, signal?: AbortSignal): Promise<Buffer>
}

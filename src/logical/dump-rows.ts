// Reads one table's rows from the socket through the kernel into the sink.

import { type CompiledKernel, compiledKernel, type RowChunk, RowKernel } from '../bytes/kernel/row-kernel.ts'
import type { BackupSink, ObjectChunk } from '../core/backup.ts'
import { HoldfastError } from '../core/errors.ts'
import type { RateLimit } from '../core/rate-limit.ts'
import { lockWaitTimeout } from '../instance/lock-wait.ts'
import type { Connection } from '../wire/connection.ts'
import type { ColumnDefinition } from '../wire/packets/column-definition.ts'
import type { RawRowConsumer, RawRowProgress } from '../wire/results.ts'
import { serverErrno } from '../wire/server-error.ts'
import type { OnChunk, RowSelect } from './table-reader.ts'

/** What the server says when a table is no longer the one that the snapshot saw. */
const changedErrnos = new Set([
  1412, // ER_TABLE_DEF_CHANGED
  1146, // ER_NO_SUCH_TABLE
  1054, // ER_BAD_FIELD_ERROR
  1051, // ER_BAD_TABLE_ERROR
  1049, // ER_BAD_DB_ERROR
  1735, // ER_UNKNOWN_PARTITION
  1176, // ER_KEY_DOES_NOT_EXITS: the primary key is gone
])

/** What pumps on several threads can share: plain data, so that it can be posted. */
export interface PumpTicket {
  readonly kernel: CompiledKernel
}

export function pumpTicket(): PumpTicket {
  return { kernel: compiledKernel() }
}

/** One worker's pump: a connection within the snapshot, and a kernel that is used for one table after another. */
export class RowPump {
  readonly #connection: Connection
  readonly #sink: BackupSink
  readonly #limit: RateLimit | undefined
  readonly #kernel: RowKernel

  /** `limit` is how fast rows may come. */
  constructor(connection: Connection, sink: BackupSink, limit?: RateLimit, ticket = pumpTicket()) {
    this.#connection = connection
    this.#sink = sink
    this.#limit = limit
    this.#kernel = new RowKernel(ticket.kernel)
  }

  /**
   * Stores all rows of a table or a range of it; see TableReader.
   * @throws HoldfastError TABLE_CHANGED when DDL came between the snapshot and us, LOCK_WAIT
   */
  async dump(
    table: RowSelect,
    onChunk: OnChunk,
    signal: AbortSignal | undefined,
  ): Promise<readonly ObjectChunk[]> {
    const store = new ChunkStore(this.#sink, onChunk, signal)
    try {
      const consumer = rowConsumer(this.#kernel, store)
      const limit = this.#limit
      const paced = limit === undefined ? consumer : pacedConsumer(consumer, limit, signal)
      await this.#connection.queryRaw(table.select, paced, { signal })
      await limit?.settle(signal)
      const last = this.#kernel.finish()
      if (last !== undefined) await store.put(last)
      await store.settled()
    } catch (error) {
      await store.abandon()
      if (serverErrno(error) === lockWaitTimeout) {
        throw new HoldfastError(
          'LOCK_WAIT',
          `table ${table.schema}.${table.name} was locked for too long to be read`,
          { schema: table.schema, table: table.name },
          { cause: error },
        )
      }
      if (!changedErrnos.has(serverErrno(error) ?? 0)) throw error
      throw new HoldfastError(
        'TABLE_CHANGED',
        `table ${table.schema}.${table.name} was changed while it was backed up`,
        { schema: table.schema, table: table.name },
        { cause: error },
      )
    }
    return store.chunks
  }
}

function rowConsumer(kernel: RowKernel, store: ChunkStore): RawRowConsumer {
  return {
    columns: (definitions: readonly ColumnDefinition[]) => kernel.begin(definitions.length),
    take(bytes): RawRowProgress {
      let at = 0
      for (;;) {
        const step = kernel.step(bytes.subarray(at))
        at += step.consumed
        if (step.kind === 'chunk') return { consumed: at, ended: false, wait: store.put(step.chunk) }
        if (step.kind === 'end') return { consumed: at, ended: true }
        if (step.consumed === 0 || at === bytes.length) return { consumed: at, ended: false }
      }
    },
  }
}

/**
 * Lets the socket rest while rows come too fast. Only small reads are waited for, so the server can write on long before its
 * net_write_timeout, which a reading session has at an hour.
 */
function pacedConsumer(
  consumer: RawRowConsumer,
  limit: RateLimit,
  signal: AbortSignal | undefined,
): RawRowConsumer {
  return {
    columns: (definitions) => consumer.columns(definitions),
    take(bytes): RawRowProgress {
      const progress = consumer.take(bytes)
      const rest = limit.spend(progress.consumed, signal)
      if (rest === undefined) return progress
      const wait =
        progress.wait === undefined ? rest : Promise.all([progress.wait, rest]).then(() => undefined)
      return { ...progress, wait }
    },
  }
}

/** Stores one chunk while the kernel fills the next: the kernel has two buffers, so one store may be under way. */
export class ChunkStore {
  readonly #sink: BackupSink
  readonly #onChunk: OnChunk
  readonly #signal: AbortSignal | undefined
  #pending: Promise<void> = Promise.resolve()
  readonly chunks: ObjectChunk[] = []

  constructor(sink: BackupSink, onChunk: OnChunk, signal: AbortSignal | undefined) {
    this.#sink = sink
    this.#onChunk = onChunk
    this.#signal = signal
  }

  /** Resolves when the chunk before this one is stored. */
  async put(chunk: RowChunk): Promise<void> {
    await this.#pending
    this.#pending = this.#store(chunk)
    // Whoever waits next gets the error; until then it must not count as unhandled.
    this.#pending.catch(() => undefined)
  }

  settled(): Promise<void> {
    return this.#pending
  }

  /** After a failure: waits until nobody reads the kernel's memory any more. */
  async abandon(): Promise<void> {
    await Promise.allSettled([this.#pending])
  }

  async #store({ bytes, rows, rowHash }: RowChunk): Promise<void> {
    const plainBytes = bytes.length
    const stored = { id: await this.#sink.putChunk(bytes, this.#signal), plainBytes, rows, rowHash }
    this.chunks.push(stored)
    this.#onChunk(plainBytes, rows)
  }
}

// Rows on their way into the sink: cut into chunks and hashed by the kernel that does it for rows of a server.
import { RowKernel } from '../../bytes/kernel/row-kernel.ts'
import type { BackupSink, ObjectChunk } from '../../core/backup.ts'
import { ChunkStore } from '../dump-rows.ts'
import { RowPackets } from './row-packets.ts'

/** Packets wait until there are so many bytes of them: a call of the kernel costs little then. */
const flushBytes = 256 * 1024

/** One for all tables, one after the other. */
export class RowIntake {
  readonly packets = new RowPackets()
  readonly #kernel = new RowKernel()
  readonly #sink: BackupSink
  readonly #onRows: (rows: number) => void
  readonly #signal: AbortSignal | undefined
  #store: ChunkStore | undefined

  constructor(sink: BackupSink, onRows: (rows: number) => void, signal: AbortSignal | undefined) {
    this.#sink = sink
    this.#onRows = onRows
    this.#signal = signal
  }

  begin(columns: number): void {
    this.#kernel.begin(columns)
    this.packets.rows = 0
    this.#store = new ChunkStore(this.#sink, (_bytes, rows) => this.#onRows(rows), this.#signal)
  }

  /** Passes rows on when there are enough of them; to be called between rows. */
  async relieve(): Promise<void> {
    if (this.packets.length >= flushBytes) await this.#flush()
  }

  /** The chunks since begin(). */
  async end(): Promise<{ readonly chunks: readonly ObjectChunk[]; readonly rows: number }> {
    await this.#flush()
    const store = this.#begun()
    const last = this.#kernel.finish()
    if (last !== undefined) await store.put(last)
    await store.settled()
    this.#store = undefined
    return { chunks: store.chunks, rows: this.packets.rows }
  }

  /** After a failure: waits until nobody reads the kernel's memory any more. */
  async abandon(): Promise<void> {
    await this.#store?.abandon()
  }

  async #flush(): Promise<void> {
    const bytes = this.packets.take()
    const store = this.#begun()
    for (let at = 0; at < bytes.length; ) {
      this.#signal?.throwIfAborted()
      const step = this.#kernel.step(bytes.subarray(at))
      at += step.consumed
      if (step.kind === 'chunk') await store.put(step.chunk)
      else if (step.consumed === 0) throw new Error('the kernel does not take whole packets')
    }
  }

  #begun(): ChunkStore {
    if (this.#store === undefined) throw new Error('no table was begun')
    return this.#store
  }
}

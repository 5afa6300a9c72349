// One session within a snapshot that reads rows and stores them: on this thread, or on one of its own.
import type { BackupSink, ObjectChunk } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import type { RateLimit } from '../core/rate-limit.ts'
import { openReadSession } from '../instance/read-session.ts'
import type { SqlSession } from '../wire/sql-session.ts'
import { RowPump } from './dump-rows.ts'

/** Rows to read, and whose they are. */
export interface RowSelect {
  readonly schema: string
  readonly name: string
  readonly select: string
}

export type OnChunk = (plainBytes: number, rows: number) => void

export interface TableReader extends AsyncDisposable {
  /** What is said in the reader's session before and between reads. */
  readonly session: SqlSession
  /**
   * Stores all rows that a statement answers, in order.
   * @param onChunk is told of each stored chunk: its length before compression, and how many rows end in it
   * @throws HoldfastError TABLE_CHANGED when DDL came between the snapshot and us, LOCK_WAIT
   */
  read(rows: RowSelect, onChunk: OnChunk, signal: AbortSignal | undefined): Promise<readonly ObjectChunk[]>
  /** Resolves when the sink has taken responsibility for all that was read. */
  finish(): Promise<void>
}

export type OpenReader = (signal: AbortSignal | undefined) => Promise<TableReader>

/** Readers on the calling thread, all pouring into one sink. */
export function readersHere(settings: ConnectionSettings, sink: BackupSink, limit?: RateLimit): OpenReader {
  return async (signal) => {
    const connection = await openReadSession(settings, signal)
    const pump = new RowPump(connection, sink, limit)
    return {
      session: connection,
      read: (rows, onChunk, either) => pump.dump(rows, onChunk, either),
      // A chunk that was put is the sink's.
      finish: async () => undefined,
      [Symbol.asyncDispose]: () => connection.close(),
    }
  }
}

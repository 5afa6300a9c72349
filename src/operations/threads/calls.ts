// What a thread that stores and the thread of its backup ask of each other.
import type { ObjectChunk } from '../../core/backup.ts'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import type { RateTicket } from '../../core/rate-limit.ts'
import type { PumpTicket } from '../../logical/dump-rows.ts'
import type { RowSelect } from '../../logical/table-reader.ts'
import type { PackMakerTicket } from '../../repository/pack-maker.ts'
import type { FilledPack } from '../../repository/pack-writer.ts'
import type { OkResult, Row } from '../../wire/results.ts'
import type { Statement } from '../../wire/statement.ts'
import type { PlainError } from './plain-error.ts'

/** What a thread is started with. A Secret does not survive the way, so the password goes as text, within this process. */
export interface ReaderStart extends StoreStart {
  readonly settings: Omit<ConnectionSettings, 'password'>
  readonly password: string | undefined
  readonly rate: RateTicket | undefined
  readonly pump: PumpTicket
}

type Signal = AbortSignal

export interface StatementCall {
  readonly sql: Statement
  readonly timeoutMs: number | undefined
}

/** Served by every thread that stores. */
export type PackCalls = {
  /** Resolves when all packs are durable. */
  readonly finish: (argument: undefined) => Promise<void>
  /** The backup counts no more: what is being written may end at once. */
  readonly abandon: (reason: PlainError) => Promise<void>
  readonly close: (argument: undefined) => Promise<void>
}

export interface StoreStart {
  /** Of the repository. */
  readonly place: string
  readonly ticket: PackMakerTicket
}

/** Served by a thread that stores what others have read. */
export type StoreCalls = PackCalls & {
  /** Answers the id of the chunk; see BackupSink.putChunk. */
  readonly put: (bytes: Uint8Array, signal: Signal) => Promise<string>
}

/** Served by a reader's thread. */
export type ReaderCalls = PackCalls & {
  /** Connects; answers what the server calls itself when the session is ready. */
  readonly open: (argument: undefined, signal: Signal) => Promise<string>
  readonly run: (statement: StatementCall, signal: Signal) => Promise<OkResult>
  readonly query: (statement: StatementCall, signal: Signal) => Promise<readonly Row[]>
  readonly read: (rows: RowSelect, signal: Signal) => Promise<readonly ObjectChunk[]>
}

/** Served by the thread of the backup. */
export type OwnerCalls = {
  readonly claim: (id: string) => Promise<boolean>
  readonly filled: (pack: FilledPack) => Promise<void>
  readonly stored: (chunk: { readonly plainBytes: number; readonly rows: number }) => Promise<void>
}

// Applies archived transactions to a target as SQL: pipelined, exactly in order, stopping right before one that fails.
import type { Transaction } from '../../binlog/transaction.ts'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { HoldfastError, isHoldfastError } from '../../core/errors.ts'
import type { EmitEvent } from '../../core/events.ts'
import { isoMicros } from '../../core/point-text.ts'
import type { BinlogPosition } from '../../core/recovery-point.ts'
import { ApplySession } from './apply-session.ts'
import type { Dialect } from './dialect.ts'

/** A transaction and the name of the binary log file it stands in. */
export interface ArchivedTransaction {
  readonly file: string
  readonly transaction: Transaction
}

export interface ApplyOptions {
  readonly settings: ConnectionSettings
  readonly dialect: Dialect
  /** Already chosen: every one of them is applied. */
  readonly transactions: AsyncIterable<ArchivedTransaction>
  /** How many there will be, for progress. */
  readonly expected?: number
  /** Errors of the server that mean that the first transaction was applied before, see `resume`. */
  readonly toleratedAtFirst?: ReadonlySet<number>
  readonly emit?: EmitEvent
  readonly signal?: AbortSignal | undefined
}

export interface ApplyReport {
  readonly transactions: number
  /** Bytes of binary log applied. */
  readonly bytes: number
  /** End of the last transaction; absent when there was none. */
  readonly end?: BinlogPosition
}

const progressEveryMs = 500

/**
 * Throws REPLAY_FAILED naming the transaction when the target refuses one: the target then stands right before it, because what
 * was sent behind it cannot be applied. A lost connection is CONNECTION_LOST: the target then stands between two transactions.
 */
export async function applyTransactions(options: ApplyOptions): Promise<ApplyReport> {
  const { transactions, expected, emit, signal } = options
  await using session = await ApplySession.open(options)
  let count = 0
  let bytes = 0
  let end: BinlogPosition | undefined
  let reported = Date.now()
  for await (const archived of transactions) {
    signal?.throwIfAborted()
    const { file, transaction } = archived
    await session.apply(archived)
    const offset = transaction.end()
    if (offset === undefined) {
      throw failure(archived, new Error('the archive ends within this transaction'))
    }
    count++
    bytes += offset - transaction.group.start
    end = { file, offset }
    if (Date.now() - reported < progressEveryMs) continue
    reported = Date.now()
    emit?.({
      type: 'progress',
      phase: 'replaying binary logs',
      done: count,
      ...(expected === undefined ? {} : { total: expected }),
      unit: 'transactions',
      detail: `${file}:${offset}`,
    })
  }
  await session.finish()
  return { transactions: count, bytes, ...(end === undefined ? {} : { end }) }
}

/** The error of a transaction that could not be applied, with everything that identifies it. */
export function failure({ file, transaction }: ArchivedTransaction, cause: unknown): HoldfastError {
  const { start, gtid, commitMicros, headerSeconds } = transaction.group
  const time = isoMicros(commitMicros ?? headerSeconds * 1_000_000)
  const why = cause instanceof Error ? cause.message : String(cause)
  const code = isHoldfastError(cause, 'UNSUPPORTED', 'BINLOG_INCIDENT') ? cause.code : 'REPLAY_FAILED'
  return new HoldfastError(
    code,
    `transaction ${gtid === undefined ? '' : `${gtid} `}at ${file}:${start}, committed ${time}, could not be applied: ${why}`,
    { file, offset: start, gtid, ...(isHoldfastError(cause) ? cause.details : {}) },
    {
      cause,
      hint: `The target stands just before it. To restore without it: --skip-gtid ${gtid ?? '<GTID>'}`,
    },
  )
}

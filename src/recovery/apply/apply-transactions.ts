// Applies archived transactions to a target as SQL: pipelined, exactly in order, stopping right before one that fails.
import type { EmitEvent } from '../../core/events.ts'
import type { BinlogPosition } from '../../core/recovery-point.ts'
import { ApplySession, type SessionOptions } from './apply-session.ts'
import { type ArchivedTransaction, replayFailure } from './replay-failure.ts'

export interface ApplyOptions extends SessionOptions {
  /** Already chosen: every one of them is applied. */
  readonly transactions: AsyncIterable<ArchivedTransaction>
  /** How many there will be, for progress. */
  readonly expected?: number
  readonly emit?: EmitEvent
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
  const tell = (): void => {
    emit?.({
      type: 'progress',
      phase: 'replaying binary logs',
      done: count,
      ...(expected === undefined ? {} : { total: expected }),
      unit: 'transactions',
      ...(end === undefined ? {} : { detail: `${end.file}:${end.offset}` }),
    })
  }
  for await (const archived of transactions) {
    signal?.throwIfAborted()
    const { file, transaction } = archived
    await session.apply(archived)
    const offset = transaction.end()
    if (offset === undefined) {
      throw replayFailure(archived, new Error('the archive ends within this transaction'))
    }
    count++
    bytes += offset - transaction.group.start
    end = { file, offset }
    if (Date.now() - reported < progressEveryMs) continue
    reported = Date.now()
    tell()
  }
  await session.finish()
  tell()
  return { transactions: count, bytes, ...(end === undefined ? {} : { end }) }
}

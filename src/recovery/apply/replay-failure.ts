// The error of a transaction that could not be applied, with everything that identifies it.
import type { Transaction } from '../../binlog/transaction.ts'
import { HoldfastError, isHoldfastError } from '../../core/errors.ts'
import { isoMicros } from '../../core/point-text.ts'

/** A transaction and the name of the binary log file it stands in. */
export interface ArchivedTransaction {
  readonly file: string
  readonly transaction: Transaction
}

export function replayFailure({ file, transaction }: ArchivedTransaction, cause: unknown): HoldfastError {
  const { start, gtid, commitMicros, headerSeconds } = transaction.group
  const time = isoMicros(commitMicros ?? headerSeconds * 1_000_000)
  const why = cause instanceof Error ? cause.message : String(cause)
  const code = isHoldfastError(cause, 'UNSUPPORTED', 'BINLOG_INCIDENT') ? cause.code : 'REPLAY_FAILED'
  return new HoldfastError(
    code,
    `transaction ${gtid === undefined ? '' : `${gtid} `}at ${file}:${start}, committed ${time}, could not be applied: ${why}`,
    { file, offset: start, gtid, ...(isHoldfastError(cause) ? cause.details : {}) },
    { cause, hint: hintFor(cause, gtid) },
  )
}

/** What a person has to know who continues a restore: the target could not say whether this one had been applied. */
export function takenAsDone(archived: ArchivedTransaction | undefined, error: unknown): string {
  const { gtid, start } = archived?.transaction.group ?? {}
  const why = error instanceof Error ? error.message : String(error)
  return `transaction ${gtid ?? ''} at ${archived?.file}:${start} was taken to have been applied before the interruption, because the target says: ${why}; if it failed for another reason, restore anew into an empty server`
}

/** ER_NET_PACKET_TOO_LARGE */
const packetTooLarge = 1153

function hintFor(cause: unknown, gtid: string | undefined): string {
  const place = 'The target stands just before it.'
  if (isHoldfastError(cause) && cause.details['errno'] === packetTooLarge) return `${place} ${cause.hint}`
  return gtid === undefined ? place : `${place} To restore without it: --skip-gtid ${gtid}`
}

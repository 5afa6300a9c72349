// Where MySQL's logs stand, all of them at one instant: performance_schema.log_status.
import { z } from 'zod'
import { HoldfastError, isHoldfastError } from '../../../core/errors.ts'
import type { BinlogPosition } from '../../../core/recovery-point.ts'
import type { Connection } from '../../../wire/connection.ts'
import { textOf } from '../../../wire/row-values.ts'

export interface LogStatus {
  /** Absent without a binary log. */
  readonly position?: BinlogPosition
  readonly executed: string
  /** Every transaction that the binary log has up to `position` is at least prepared in the redo log before this, and no other is committed. */
  readonly lsn: bigint
}

const local = z.object({
  gtid_executed: z.string(),
  binary_log_file: z.string().optional(),
  binary_log_position: z.number().optional(),
})
// Beyond 2^53 an LSN is read from the text itself.
const innodbLsn = /"InnoDB"\s*:\s*\{\s*"LSN"\s*:\s*(\d+)/

const table = 'performance_schema.log_status'

/** Throws PRIVILEGE_MISSING before anything is done. */
export async function requireLogStatus(connection: Connection, signal: AbortSignal): Promise<void> {
  try {
    await connection.query(`SELECT LOCAL, STORAGE_ENGINES FROM ${table} LIMIT 0`, { signal })
  } catch (error) {
    if (!isHoldfastError(error, 'PRIVILEGE_MISSING')) throw error
    throw new HoldfastError(
      'PRIVILEGE_MISSING',
      `the account may not read ${table}: ${error.message}`,
      {},
      {
        cause: error,
        hint: `Run as an administrator: GRANT SELECT ON ${table} TO the account; it needs BACKUP_ADMIN besides.`,
      },
    )
  }
}

export async function readLogStatus(connection: Connection, signal: AbortSignal): Promise<LogStatus> {
  const [row = {}] = await connection.query(`SELECT LOCAL, STORAGE_ENGINES FROM ${table}`, { signal })
  const said = local.parse(JSON.parse(textOf(row, 'LOCAL')))
  const lsn = innodbLsn.exec(textOf(row, 'STORAGE_ENGINES'))?.[1]
  if (lsn === undefined)
    throw new HoldfastError(
      'FAILED',
      `${table} does not tell the LSN of InnoDB: ${textOf(row, 'STORAGE_ENGINES')}`,
    )
  const { binary_log_file: file, binary_log_position: offset } = said
  return {
    ...(file === undefined || file === '' || offset === undefined ? {} : { position: { file, offset } }),
    executed: said.gtid_executed.replaceAll(/\s/g, ''),
    lsn: BigInt(lsn),
  }
}

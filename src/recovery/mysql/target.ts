// A MySQL server as the target of a replay: gtid_executed says what it has, whatever interrupted the replay.
import type { GtidState } from '../../core/recovery-point.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import type { ReplayTarget, TargetOptions } from '../apply/replay-target.ts'
import { mysqlDialect } from './dialect.ts'

export async function mysqlTarget(connection: Connection, options: TargetOptions): Promise<ReplayTarget> {
  const [row = {}] = await connection.query('SELECT @@GLOBAL.gtid_mode AS mode', options)
  // ON and ON_PERMISSIVE.
  const keepsGtids = textOf(row, 'mode').startsWith('ON')
  const executed = keepsGtids ? await readExecuted(connection, options) : undefined
  return {
    dialect: mysqlDialect({ keepsGtids }),
    executed,
    // Since 8.0 a statement and its GTID are one atomic change, DDL included.
    toleratedAtFirst: new Set(),
    preparedXids: new Set(),
    globals: {},
    settle: (_end, options) => (keepsGtids ? readExecuted(connection, options) : Promise.resolve(undefined)),
  }
}

async function readExecuted(connection: Connection, options: TargetOptions): Promise<GtidState> {
  const [row = {}] = await connection.query('SELECT @@GLOBAL.gtid_executed AS text', options)
  return { flavour: 'mysql', text: textOf(row, 'text').replaceAll(/\s/g, '') }
}

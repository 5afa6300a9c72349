// MySQL's consistent snapshot without any lock: proven by GTIDs that stood still while the sessions began.
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatementOptions } from '../../wire/cancel-watch.ts'
import { numberOf, textOf } from '../../wire/row-values.ts'
import type { SqlSession } from '../../wire/sql-session.ts'
import { beginAll, type OpenSnapshot, type SnapshotRequest } from '../consistent-snapshot.ts'
import { currentPoint } from './current-point.ts'
import { logCoverage } from './log-coverage.ts'

// A server that commits 1,000 times a second has quiet moments of a millisecond all the time; one without any is left after two seconds.
const attempts = 200
const pauseMs = 10

/**
 * Begins all sessions between two looks at the server. A transaction gets its GTID, and is listed in gtid_owned, before engines commit it, and
 * leaves that list for gtid_executed after they have (MYSQL_BIN_LOG::ordered_commit). So if gtid_executed is the same before and after, and
 * nothing is owned after the position was read and before the last look, then no session sees a transaction that the point lacks, nor lacks
 * one that it has. A commit that is not logged (sql_log_bin = 0) is not seen by this. Undefined when no moment was quiet, or without GTIDs.
 */
export async function snapshotByGtids(request: SnapshotRequest): Promise<OpenSnapshot | undefined> {
  const { workers, signal } = request
  const [witness] = workers
  if (witness === undefined) return undefined
  const [variables = {}] = await witness.query('SELECT @@GLOBAL.gtid_mode AS mode, @@GLOBAL.log_bin AS log', {
    signal,
  })
  if (textOf(variables, 'mode') !== 'ON' || numberOf(variables, 'log') === 0) return undefined
  // What a filter keeps out of the log has no GTID, so two sessions could see it at two moments.
  const { filters } = await logCoverage(witness, { signal })
  if (workers.length > 1 && (filters === undefined || `${filters.logged}${filters.ignored}` !== ''))
    return undefined
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = await executed(witness, { signal })
    await beginAll(request)
    const point = await currentPoint(witness, { signal })
    const [row = {}] = await witness.query('SELECT @@GLOBAL.gtid_owned AS owned', { signal })
    const after = await executed(witness, { signal })
    if (textOf(row, 'owned') === '' && before === after && point.gtid?.text === after) {
      return { point, rung: 'gtid-bracket', heldMs: 0, tableLock: undefined }
    }
    await sleep(pauseMs, undefined, { signal })
  }
  return undefined
}

async function executed(session: SqlSession, options: StatementOptions): Promise<string> {
  const [row = {}] = await session.query('SELECT @@GLOBAL.gtid_executed AS executed', options)
  return textOf(row, 'executed').replaceAll(/\s/g, '')
}

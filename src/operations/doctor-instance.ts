// Use case: tell what stands in the way of backup and recovery on a server.
import { type ConnectionSettings, describeConnection } from '../core/connection-settings.ts'
import { isHoldfastError } from '../core/errors.ts'
import { Connection } from '../wire/connection.ts'
import { unlessStalled } from '../wire/stalled-commits.ts'
import { checkServer, type DoctorCheck, fail, ok } from './doctor/doctor-checks.ts'
import { checkPrivileges } from './doctor/privilege-checks.ts'
import { readFacts } from './doctor/read-facts.ts'
import { checkSemiSync } from './doctor/semi-sync-checks.ts'

export interface DoctorReport {
  readonly server: string
  readonly checks: readonly DoctorCheck[]
}

/** `isSemiSyncWanted`: commits are to wait for the archive. Changes nothing. Throws what connecting throws: a server that cannot be reached is not examined. */
export async function doctorInstance(
  settings: ConnectionSettings,
  { isSemiSyncWanted, signal }: { readonly isSemiSyncWanted: boolean; readonly signal: AbortSignal },
): Promise<DoctorReport> {
  await using connection = await Connection.open(settings, { signal })
  const server = describeConnection(settings)
  const login = ok('login', `as ${settings.user}`)
  try {
    const facts = await unlessStalled(connection, settings, () => readFacts(connection, settings, signal))
    const semiSync = facts.binlog.isOn ? checkSemiSync(facts, isSemiSyncWanted) : []
    return { server, checks: [login, ...checkServer(facts), ...semiSync, ...checkPrivileges(facts)] }
  } catch (error) {
    if (!isHoldfastError(error, 'SERVER_UNSUPPORTED')) throw error
    return { server, checks: [login, fail('version', error.message, error.hint)] }
  }
}

export type { DoctorCheck } from './doctor/doctor-checks.ts'

// What stands on the server that a restore would go to, before its owner is asked and before anything is changed.
import { type ConnectionSettings, describeConnection } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { statesEqual } from '../core/gtid-state.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import { type InstanceFacts, inspectInstance } from '../instance/instance-facts.ts'
import { quoteText } from '../instance/sql-text.ts'
import type { LogicalContent } from '../logical/content.ts'
import { selectContent } from '../logical/definition-statements.ts'
import { checkVersion } from '../logical/load-target.ts'
import { inspectTarget } from '../recovery/apply/replay-target.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import { readTargetState, refuseSuperReadOnly } from '../recovery/target-state.ts'
import { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import { requireForAll, requireForSchemas } from './restore-privileges.ts'

export interface TargetReport {
  /** `user@host:port`, for messages. */
  readonly server: string
  /** Schemas with somebody's data; none on a fresh server. */
  readonly schemas: readonly string[]
  /** It is the very server that the backups are of. */
  readonly isSource: boolean
}

export interface ExamineRequest {
  readonly settings: ConnectionSettings
  readonly plan: RestorePlan
  /** Of the backup that the plan begins with. */
  readonly content: LogicalContent
  readonly source: SourceIdentity | undefined
  /** Only these schemas are restored; all of the instance when absent. */
  readonly schemas?: readonly string[] | undefined
}

/**
 * Changes nothing. Throws what connecting throws; VERSION_MISMATCH, UNSUPPORTED and PRIVILEGE_MISSING for a server that cannot take
 * the backup; and TARGET_NOT_EMPTY where no agreement would help.
 */
export async function examineTarget(request: ExamineRequest, signal: AbortSignal): Promise<TargetReport> {
  const { settings, plan, content, source } = request
  await using connection = await Connection.open(settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  checkVersion(plan.base.origin, content, facts)
  await refuseSuperReadOnly(connection, signal)
  if (request.schemas === undefined) await requireForAll(connection, facts, content)
  else requireForSchemas(facts, selectContent(content, { kind: 'schemas', schemas: request.schemas }))
  const schemas = await userSchemas(connection, signal)
  const isSource = source !== undefined && isSame(source, facts)
  if (request.schemas === undefined) {
    // It has executed what a restore would replay, and would be taken for a restore that was interrupted.
    if (isSource && schemas.length > 0 && (await isCertainlySource(connection, facts, plan, signal)))
      throw sourceIsInUse(settings, schemas)
    const { executed } = await inspectTarget(connection, { signal })
    await readTargetState(connection, plan, executed, signal)
  } else {
    const taken = request.schemas.filter((schema) => schemas.includes(schema))
    if (taken.length > 0) {
      throw new HoldfastError('TARGET_NOT_EMPTY', `the target already has ${taken.join(', ')}`, {
        schemas: taken.length,
      })
    }
  }
  return {
    server: describeConnection(settings),
    schemas,
    isSource,
  }
}

function sourceIsInUse(settings: ConnectionSettings, schemas: readonly string[]): HoldfastError {
  return new HoldfastError(
    'TARGET_NOT_EMPTY',
    `${describeConnection(settings)} is the instance itself, with its schemas (${schemas.slice(0, 5).join(', ')}): a restore would bring nothing back there`,
    { schemas: schemas.length },
    { hint: 'Restore into another server, and bring back from there what is missing.' },
  )
}

async function userSchemas(connection: Connection, signal: AbortSignal): Promise<readonly string[]> {
  const rows = await connection.query(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA
     WHERE SCHEMA_NAME NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1`,
    { signal },
  )
  return rows.map((row) => textOf(row, 'name'))
}

function isSame(source: SourceIdentity, facts: InstanceFacts): boolean {
  if (source.flavour !== facts.flavour) return false
  if (source.serverUuid !== undefined) return source.serverUuid === facts.serverUuid
  return source.serverId === facts.serverId && source.gtidDomainId === facts.gtidDomainId
}

/**
 * MySQL has a UUID. MariaDB servers have the same id and domain unless somebody gave them others; but the logs of a restored one were
 * reset, so that only the source itself has these GTIDs at these offsets of its files. False also where that cannot be told.
 */
async function isCertainlySource(
  connection: Connection,
  facts: InstanceFacts,
  { base, replay, end }: RestorePlan,
  signal: AbortSignal,
): Promise<boolean> {
  if (facts.serverUuid !== undefined) return true
  const points = replay === undefined ? [base.point] : [base.point, end]
  for (const { position, gtid } of points) {
    if (position === undefined || gtid === undefined || gtid.text === '') return false
    const asked = `SELECT BINLOG_GTID_POS(${quoteText(position.file)}, ${position.offset}) AS state`
    const [row = {}] = await connection.query(asked, { signal })
    const state = row['state']
    if (typeof state !== 'string' || !statesEqual({ flavour: 'mariadb', text: state }, gtid)) return false
  }
  return true
}

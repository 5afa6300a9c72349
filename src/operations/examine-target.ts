// What stands on the server that a restore would go to, before its owner is asked and before anything is changed.
import { type ConnectionSettings, describeConnection } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { statesEqual } from '../core/gtid-state.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import { hasGlobalPrivilege } from '../instance/grants.ts'
import { type InstanceFacts, inspectInstance } from '../instance/instance-facts.ts'
import { openReadSession } from '../instance/read-session.ts'
import { quoteText } from '../instance/sql-text.ts'
import { type Arrival, planArrival } from '../logical/arrival/plan-arrival.ts'
import type { AccountContent, LogicalContent } from '../logical/content.ts'
import { logicalDialectOf } from '../logical/dialects.ts'
import { type BegunLoad, readBegunLoad } from '../logical/ledger/begun-load.ts'
import { type AccountPlan, planAccounts } from '../logical/load-accounts.ts'
import { checkVersion } from '../logical/load-target.ts'
import { refuseLostRoles } from '../logical/role-definers.ts'
import { refuseUnknownReferences } from '../logical/spatial-references.ts'
import { inspectTarget } from '../recovery/apply/replay-target.ts'
import { identityOf } from '../recovery/execute-restore.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import { readTargetState, refuseSuperReadOnly } from '../recovery/target-state.ts'
import { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import type { ShapedParts } from './plan-parts.ts'
import { partsIdentity } from './restore-parts.ts'
import { requireForAll, requireForSchemas } from './restore-privileges.ts'

export interface TargetReport {
  /** `user@host:port`, for messages. */
  readonly server: string
  /** Schemas with somebody's data; none on a fresh server. */
  readonly schemas: readonly string[]
  /** It is the very server that the backups are of. */
  readonly isSource: boolean
  /** What goes to make place for what is restored, by name. */
  readonly toDrop: readonly string[]
  /** What is there and stays, though the backup has it too. */
  readonly warnings: readonly string[]
  /** What an earlier run of the same restore has loaded, where it did not come to the end of that. */
  readonly begun?: BegunLoad
}

export interface ExamineRequest {
  readonly settings: ConnectionSettings
  readonly plan: RestorePlan
  /** Of the backup that the plan begins with. */
  readonly content: LogicalContent
  readonly source: SourceIdentity | undefined
  /** Only this is restored, beside whatever the target has; all of the instance when absent. */
  readonly parts?: ShapedParts
}

/**
 * Changes nothing. Throws what connecting throws; VERSION_MISMATCH, UNSUPPORTED and PRIVILEGE_MISSING for a server that cannot take
 * the backup; and TARGET_NOT_EMPTY where no agreement would help.
 */
export async function examineTarget(request: ExamineRequest, signal: AbortSignal): Promise<TargetReport> {
  const { settings, plan, content, source, parts } = request
  await using connection = await Connection.open(settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  // What is translated is as if the target had made it.
  checkVersion(parts?.reshaped.backup.origin ?? plan.base.origin, content, facts)
  await refuseSuperReadOnly(connection, signal)
  const identity = parts === undefined ? identityOf(plan, request) : partsIdentity(plan, parts)
  const begun = await readBegunLoad(connection, identity, signal)
  const { accounts, schemas: wantedSchemas } = parts?.reshaped.content ?? content
  const { toGrant, warnings } = await examineAccounts(connection, facts, accounts ?? [], begun)
  if (parts === undefined) requireForAll(facts, toGrant)
  else requireForSchemas(facts, wantedSchemas)
  const schemas = (await userSchemas(connection, signal)).filter((name) => name !== identity.ledger)
  const isSource = source !== undefined && isSame(source, facts)
  let arrival: Pick<Arrival, 'drops' | 'warnings'> = { drops: [], warnings: [] }
  let isLoaded = false
  const toldBefore: string[] = []
  if (parts === undefined) {
    // It has executed what a restore would replay, and would be taken for a restore that was interrupted.
    if (isSource && schemas.length > 0 && (await isCertainlySource(connection, facts, plan, signal)))
      throw sourceIsInUse(settings, schemas)
    const { executed } = await inspectTarget(connection, { signal })
    const { kind } = await readTargetState(connection, plan, executed, { identity, begun }, signal)
    isLoaded = kind === 'loaded'
  } else {
    const { content: part, wholeSchemas } = parts.reshaped
    const { onExisting } = parts.plan
    const wanted = {
      schemas: wantedSchemas,
      parts: part.parts,
      wholeSchemas,
      onExisting,
      begun: begun?.arrival,
    }
    await using session = await openReadSession(settings, signal)
    arrival = await planArrival(session, wanted, signal)
  }
  if (!isLoaded) {
    await refuseUnknownReferences(connection, wantedSchemas, signal)
    toldBefore.push(...(await refuseLostRoles(connection, wantedSchemas, accounts, signal)), ...warnings)
  }
  return {
    server: describeConnection(settings),
    schemas,
    isSource,
    toDrop: arrival.drops.map(({ name }) => name),
    warnings: [...arrival.warnings, ...toldBefore],
    ...(begun === undefined || begun.isLoaded ? {} : { begun }),
  }
}

/** What becomes of accounts. Who may not look is asked for the whole GRANT at once all the same: every server has its root already. */
async function examineAccounts(
  connection: Connection,
  facts: InstanceFacts,
  accounts: readonly AccountContent[],
  begun: BegunLoad | undefined,
): Promise<Pick<AccountPlan, 'toGrant' | 'warnings'>> {
  if (!hasGlobalPrivilege(facts.grants, 'SELECT'))
    return { toGrant: accounts.filter(({ user }) => user !== 'root'), warnings: [] }
  const dialect = logicalDialectOf(facts.flavour)
  return await planAccounts(connection, dialect, accounts, begun?.decisions.newAccounts)
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

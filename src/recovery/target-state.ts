// What a target holds before a restore: nothing, what an interrupted run of the same restore left, or something else.

import { HoldfastError } from '../core/errors.ts'
import { missingFrom, stateCovers } from '../core/gtid-state.ts'
import type { GtidState } from '../core/recovery-point.ts'
import type { BegunLoad } from '../logical/ledger/begun-load.ts'
import { removalOf } from '../logical/ledger/globals-left.ts'
import type { LoadIdentity } from '../logical/ledger/load-identity.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import type { RestorePlan } from './restore-plan.ts'

export type TargetState =
  | { readonly kind: 'empty' }
  /** The base is being loaded, and this plan's load can go on. */
  | { readonly kind: 'loading' }
  /** The base is loaded, and the replay has come to `executed`; absent where GTIDs do not tell, and no replay was begun. */
  | { readonly kind: 'loaded'; readonly executed?: GtidState }

const ownSchemas = ['mysql', 'information_schema', 'performance_schema', 'sys']

/** What the target tells of a load of the plan's base. */
export interface LoadState {
  readonly identity: LoadIdentity
  readonly begun: BegunLoad | undefined
}

/**
 * As long as a base is being loaded its ledger tells how far that has come. The GTID state is set when the base has been loaded whole, and moves with each transaction replayed: a target that stands
 * between the base and the end of the plan is one on which this plan was interrupted, and goes on there. Throws TARGET_NOT_EMPTY
 * for any other target that has schemas.
 */
export async function readTargetState(
  connection: Connection,
  plan: RestorePlan,
  executed: GtidState | undefined,
  { identity, begun }: LoadState,
  signal: AbortSignal | undefined,
): Promise<TargetState> {
  if (begun !== undefined && !begun.isLoaded) return { kind: 'loading' }
  const names = [...ownSchemas, identity.ledger].map((name) => `'${name}'`).join(',')
  const rows = await connection.query(
    `SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN (${names})`,
    { signal },
  )
  const schemas = rows.map((row) => textOf(row, 'name'))
  if (schemas.length === 0) return { kind: 'empty' }
  const untold = whyUntold(plan, executed)
  if (untold !== undefined && begun?.isUntouched === true) return { kind: 'loaded' }
  const problem = untold ?? whyNotLoaded(plan, executed)
  if (problem === undefined && executed !== undefined) return { kind: 'loaded', executed }
  const removal =
    begun === undefined ? '' : `, run there: ${await removalOf(connection, identity.ledger, signal)}`
  throw new HoldfastError(
    'TARGET_NOT_EMPTY',
    `the target already has schemas (${schemas.slice(0, 5).join(', ')}${schemas.length > 5 ? ', …' : ''}), and they are not ` +
      `what an interrupted restore of this plan would have left: ${problem ?? 'it keeps no GTIDs'}`,
    { schemas: schemas.length },
    {
      hint: `Restore into an empty server. Only if an interrupted restore left them, remove them${removal} and run the same command again.`,
    },
  )
}

/** Where GTIDs say nothing of what the target has. */
function whyUntold({ base, end }: RestorePlan, executed: GtidState | undefined): string | undefined {
  const { gtid } = base.point
  if (gtid === undefined || gtid.text === '' || end.gtid === undefined)
    return 'the source has no GTIDs that would tell how far it came'
  return executed === undefined ? 'the target keeps no GTIDs that would tell how far it came' : undefined
}

function whyNotLoaded(
  { base, replay, end }: RestorePlan,
  executed: GtidState | undefined,
): string | undefined {
  const start = base.point.gtid
  if (start === undefined || end.gtid === undefined || executed === undefined) return undefined
  if (executed.flavour !== start.flavour) return `it is a ${executed.flavour} server`
  if (!stateCovers(executed, start)) return 'the base was not loaded whole'
  const foreign = missingFrom(end.gtid, executed)
  if (foreign !== '') return `it has executed ${foreign}, which is not part of the plan`
  // A MariaDB position has no holes: behind a transaction that is left out it looks as if that had been applied, and perhaps it was.
  const passed = replay?.skip.find(
    ({ gtid }) => start.flavour === 'mariadb' && stateCovers(executed, { flavour: 'mariadb', text: gtid }),
  )
  return passed === undefined
    ? undefined
    : `it has passed ${passed.gtid}, and whether that was left out cannot be told`
}

/** read_only lets administrators write; super_read_only nobody. Throws UNSUPPORTED where it is on. */
export async function refuseSuperReadOnly(
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [row] = await connection.query("SHOW GLOBAL VARIABLES LIKE 'super_read_only'", { signal })
  if (row?.['Value'] !== 'ON') return
  throw new HoldfastError(
    'UNSUPPORTED',
    'the target has super_read_only on, so nothing can be restored into it',
    {},
    {
      hint: 'Run: SET GLOBAL super_read_only=0. To keep clients out during the restore use read_only=1, which lets Holdfast in.',
    },
  )
}

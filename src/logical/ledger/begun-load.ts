// What an earlier run of a load has left on a target, as its ledger there tells.
import { z } from 'zod'
import { HoldfastError } from '../../core/errors.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf, textOf } from '../../wire/row-values.ts'
import type { BegunArrival, FoundTarget } from '../arrival/plan-arrival.ts'
import type { TableContent } from '../content.ts'
import type { LoadChange } from '../load-changes.ts'
import { removalOf } from './globals-left.ts'
import { type LoadState, loadStates, selectChanges, selectLoad, selectRows } from './ledger-tables.ts'
import { ledgersOn } from './ledgers-on.ts'
import type { LoadIdentity } from './load-identity.ts'
import type { LoadedText } from './loaded-text.ts'

/** What was decided before anything was changed, and cannot be seen any more once a part is there. */
export interface LoadDecisions {
  readonly found: FoundTarget
  /** Accounts that the target did not have, by accountKey. */
  readonly newAccounts: readonly string[]
  /** For people. */
  readonly schemas: readonly string[]
}

const decisions = z.object({
  found: z.object({
    schemas: z.array(z.tuple([z.string(), z.string()])).readonly(),
    objects: z
      .array(z.object({ kind: z.string(), schema: z.string(), name: z.string(), table: z.string() }))
      .readonly(),
  }),
  newAccounts: z.array(z.string()).readonly(),
  schemas: z.array(z.string()).readonly(),
})

export class BegunLoad {
  readonly decisions: LoadDecisions
  /** Nothing is left to load; what follows a load may be under way. */
  readonly isLoaded: boolean
  /** All is loaded, and nothing has followed. */
  readonly isUntouched: boolean
  /** `YYYY-MM-DD hh:mm:ss` in UTC, by the clock of the target. */
  readonly begunAt: string
  readonly changes: readonly LoadChange[]
  /** The schema on the target that tells all this. */
  readonly ledger: string
  readonly #rows: ReadonlyMap<string, readonly LoadedText[]>

  constructor(
    ledger: string,
    summary: { readonly decisions: LoadDecisions; readonly state: LoadState; readonly begunAt: string },
    changes: readonly LoadChange[],
    rows: ReadonlyMap<string, readonly LoadedText[]>,
  ) {
    this.ledger = ledger
    this.decisions = summary.decisions
    this.isLoaded = summary.state !== 'loading'
    this.isUntouched = summary.state === 'loaded'
    this.begunAt = summary.begunAt
    this.changes = changes
    this.#rows = rows
  }

  /** In answers to scripts: what was there before, and each piece, is no concern of theirs. */
  toJSON(): unknown {
    return { begunAt: this.begunAt, isLoaded: this.isLoaded }
  }

  /** For planArrival: the target as it was before any of this was made. */
  get arrival(): BegunArrival {
    return { found: this.decisions.found, isLoaded: (schema, table) => this.isLoadedWhole(schema, table) }
  }

  loadedOf(schema: string, { name }: Pick<TableContent, 'name'>): readonly LoadedText[] {
    return this.#rows.get(tableKey(schema, name)) ?? []
  }

  /** Whether all its rows are there. */
  isLoadedWhole(schema: string, table: Pick<TableContent, 'name' | 'rows'>): boolean {
    return this.loadedOf(schema, table).reduce((sum, { rows }) => sum + rows, 0) === table.rows
  }
}

/**
 * Undefined where nothing of this load was begun.
 * @throws HoldfastError TARGET_NOT_EMPTY where a part of another load stands in the way, or where nobody can tell what this one has left
 */
export async function readBegunLoad(
  connection: Connection,
  identity: LoadIdentity,
  signal?: AbortSignal,
): Promise<BegunLoad | undefined> {
  const names = await ledgersOn(connection, signal)
  for (const name of names)
    if (name !== identity.ledger) await refuseOther(connection, name, identity, signal)
  if (!names.includes(identity.ledger)) return undefined
  const summary = await readSummary(connection, identity.ledger, signal)
  if (summary === undefined) return undefined
  if (summary.state === 'differs')
    throw differs(identity, await removalOf(connection, identity.ledger, signal))
  const { ledger } = identity
  const changes = await readChanges(connection, ledger, signal)
  return new BegunLoad(ledger, summary, changes, await readRows(connection, ledger, signal))
}

async function readSummary(connection: Connection, ledger: string, signal: AbortSignal | undefined) {
  const [row] = await connection.query(selectLoad(ledger), { signal })
  if (row === undefined) return undefined
  return {
    backupId: textOf(row, 'backup'),
    begunAt: textOf(row, 'begun'),
    state: z.enum(loadStates).parse(textOf(row, 'state')),
    decisions: decisions.parse(JSON.parse(textOf(row, 'plan'))),
  }
}

async function refuseOther(
  connection: Connection,
  ledger: string,
  { backupId, schemas }: LoadIdentity,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (schemas.includes(ledger)) return
  const other = await readSummary(connection, ledger, signal)
  const shared = other?.decisions.schemas.filter((name) => schemas.includes(name)) ?? []
  if (other === undefined || shared.length === 0) return
  const what =
    other.backupId === backupId
      ? `the same backup ${backupId} with other options`
      : `backup ${other.backupId}, and not ${backupId}`
  throw new HoldfastError(
    'TARGET_NOT_EMPTY',
    `the target has a part of another restore in ${shared.slice(0, 5).join(', ')}: one of ${what}, begun at ${other.begunAt} UTC and not finished`,
    { ledger },
    {
      hint: `Finish that one by running it again as it was begun; or remove what it has brought, then run there: ${await removalOf(connection, ledger, signal)} and run this one again.`,
    },
  )
}

const change = z.object({
  object: z.string(),
  what: z.string(),
  severity: z.enum(['changed', 'dropped', 'differs']),
})

async function readChanges(
  connection: Connection,
  ledger: string,
  signal: AbortSignal | undefined,
): Promise<readonly LoadChange[]> {
  const rows = await connection.query(selectChanges(ledger), { signal })
  return rows.map((row) => change.parse(JSON.parse(textOf(row, 'made'))))
}

async function readRows(
  connection: Connection,
  ledger: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly LoadedText[]>> {
  const rows = await connection.query(selectRows(ledger), { signal })
  const loaded = new Map<string, LoadedText[]>()
  const keyOf = (row: (typeof rows)[number]) => tableKey(textOf(row, 's'), textOf(row, 't'))
  const placeKey = (row: (typeof rows)[number]) =>
    `${keyOf(row)}\0${numberOf(row, 'firstChunk')}\0${numberOf(row, 'firstOffset')}`
  const whole = rows.filter((row) => numberOf(row, 'isWhole') === 1)
  const finished = new Set(whole.map(placeKey))
  const cut = rows.find((row) => !finished.has(placeKey(row)))
  if (cut !== undefined) {
    const removal = await removalOf(connection, ledger, signal)
    throw uncertain(removal, textOf(cut, 's'), textOf(cut, 't'))
  }
  for (const row of whole) {
    const key = keyOf(row)
    const list = loaded.get(key) ?? []
    list.push({
      start: { chunk: numberOf(row, 'firstChunk'), offset: numberOf(row, 'firstOffset') },
      end: {
        chunk: numberOf(row, 'endChunk'),
        offset: numberOf(row, 'endOffset'),
        rows: numberOf(row, 'endRows'),
      },
      rows: numberOf(row, 'rowCount'),
      isExact: numberOf(row, 'isExact') === 1,
    })
    loaded.set(key, list)
  }
  return loaded
}

function differs({ backupId, ledger }: LoadIdentity, removal: string): HoldfastError {
  return new HoldfastError(
    'TARGET_NOT_EMPTY',
    `an earlier run was found not to have brought what backup ${backupId} says: nothing goes on from there`,
    { ledger },
    { hint: `Take another target; or empty this one, run there: ${removal} and restore anew.` },
  )
}

function uncertain(removal: string, schema: string, name: string): HoldfastError {
  return new HoldfastError(
    'TARGET_NOT_EMPTY',
    `an earlier run was killed while it added rows to ${schema}.${name}, whose engine cannot undo them: how many came nobody can tell`,
    { schema, table: name },
    {
      hint: `Take out of ${schema}.${name} what is of the backup, and of the other tables too; then run there: ${removal} and run it again.`,
    },
  )
}

function tableKey(schema: string, name: string): string {
  return `${schema}\0${name}`
}

// How what is restored comes beside what a target has: refused, in its place, or its rows added.
import { HoldfastError } from '../../core/errors.ts'
import { formatNames, formatTableName } from '../../core/name-list.ts'
import { quoteName } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import type { SchemaContent, TableContent } from '../content.ts'
import type { Parts } from '../filters/backup-filters.ts'
import { type AppendedTable, checkAppendable } from './appendable.ts'
import {
  dropStatement,
  type ExistingObject,
  isInTheWay,
  objectsIn,
  presentSchemas,
} from './existing-objects.ts'

/** What happens to what is there already and is to be restored. */
export type OnExisting = 'fail' | 'drop' | 'append'

export interface ArrivalRequest {
  readonly schemas: readonly SchemaContent[]
  /** Schemas in which nothing else may be; all by default. */
  readonly wholeSchemas?: ReadonlySet<string> | undefined
  /** `fail` by default. */
  readonly onExisting?: OnExisting | undefined
  readonly parts?: Parts | undefined
  /** With the target as an earlier run of the same restore found it, which has made a part of it. */
  readonly begun?: BegunArrival | undefined
}

/** What a target has of the schemas that are restored, and what is not restored of it. */
export interface FoundTarget {
  /** Names and default collations. */
  readonly schemas: readonly (readonly [name: string, collation: string])[]
  readonly objects: readonly ExistingObject[]
}

export interface BegunArrival {
  readonly found: FoundTarget
  /** Whether all rows of a table are there. */
  isLoaded(schema: string, table: TableContent): boolean
}

export interface Drop {
  /** As people name it: `shop`, `shop.orders`, `trigger shop.t`. */
  readonly name: string
  readonly statement: string
}

export interface Arrival {
  /** As it is when all drops are done. */
  readonly found: FoundTarget
  /** Schemas that are there, and stay. */
  readonly present: ReadonlySet<string>
  readonly drops: readonly Drop[]
  /** What is to be created. */
  readonly schemas: readonly SchemaContent[]
  /** Tables that are there and get rows. */
  readonly appended: readonly AppendedTable[]
  /** What is there and stays as it is, though the backup has it too. */
  readonly warnings: readonly string[]
}

/**
 * Changes nothing.
 * @throws HoldfastError TARGET_NOT_EMPTY naming what is in the way, TARGET_MISMATCH for tables that rows cannot be added to
 */
export async function planArrival(
  connection: Connection,
  request: ArrivalRequest,
  signal: AbortSignal | undefined,
): Promise<Arrival> {
  const { onExisting = 'fail', parts } = request
  const found = request.begun?.found ?? (await findTarget(connection, request.schemas))
  const collations = new Map(found.schemas)
  const present = new Set(collations.keys())
  // A schema that stays keeps its own default, from which code with another one departs and to which it comes back.
  const schemas = request.schemas.map((schema) => ({
    ...schema,
    collation: collations.get(schema.name) ?? schema.collation,
  }))
  const existing = found.objects
  const beside = { ...request, schemas }
  if (parts === 'data') return await planRows(connection, beside, found, signal)
  if (onExisting === 'append') return await planAppend(connection, beside, found, signal)
  const isWhole = (schema: string) => request.wholeSchemas?.has(schema) ?? true
  const inTheWay = existing.filter((object) => {
    const schema = schemas.find(({ name }) => name === object.schema)
    // Triggers go with their tables.
    const isOwn = object.kind === 'trigger' && isWhole(object.schema)
    return schema !== undefined && !isOwn && (isWhole(object.schema) || isInTheWay(object, schema))
  })
  if (onExisting === 'fail') {
    refuse(inTheWay)
    return { found, present, drops: [], schemas, appended: [], warnings: [] }
  }
  const dropped = schemas.filter(({ name }) => present.has(name) && isWhole(name)).map(({ name }) => name)
  const goes = (object: ExistingObject) => !isWhole(object.schema) && isDropped(object, inTheWay)
  const stays = (name: string) => !dropped.includes(name)
  return {
    found: {
      schemas: found.schemas.filter(([name]) => stays(name)),
      objects: existing.filter(
        (object) => stays(object.schema) && !goes(object) && !goesWithTable(object, inTheWay),
      ),
    },
    present: new Set([...present].filter(stays)),
    drops: [
      ...dropped.map((name) => ({
        name: formatNames([name]),
        statement: `DROP DATABASE ${quoteName(name)}`,
      })),
      ...existing
        .filter(goes)
        .toSorted((a, b) => dropRank(a) - dropRank(b))
        .map((object) => ({ name: dropName(object), statement: dropStatement(object) })),
    ],
    // What is dropped whole is made anew as the backup has it.
    schemas: schemas.map((schema, at) => (isWhole(schema.name) ? (request.schemas[at] ?? schema) : schema)),
    appended: [],
    warnings: [],
  }
}

async function findTarget(connection: Connection, schemas: readonly SchemaContent[]): Promise<FoundTarget> {
  const found = [...(await presentSchemas(connection, schemas))]
  const objects: ExistingObject[] = []
  for (const [name] of found) objects.push(...(await objectsIn(connection, name)))
  return { schemas: found, objects }
}

async function planRows(
  connection: Connection,
  { schemas, onExisting, begun }: ArrivalRequest,
  found: FoundTarget,
  signal: AbortSignal | undefined,
): Promise<Arrival> {
  const there = tableNames(found.objects)
  const appended = schemas.flatMap((schema) => schema.tables.map((table) => ({ schema: schema.name, table })))
  const absent = appended.filter(
    ({ schema, table }) => !there.has(formatTableName({ schema, name: table.name })),
  )
  if (absent.length > 0) {
    throw new HoldfastError(
      'TARGET_MISMATCH',
      `only rows are restored, and the target has no table ${absent
        .slice(0, shownObjects)
        .map(({ schema, table }) => `${schema}.${table.name}`)
        .join(', ')}`,
      { absent: absent.length },
      { hint: 'Create the tables first, or restore definitions and rows.' },
    )
  }
  const mustBeEmpty = onExisting !== 'append' && begun === undefined
  const warnings = await checkAppendable(connection, waiting(appended, begun), mustBeEmpty, signal)
  return {
    found,
    present: namesOf(found),
    drops: [],
    schemas: schemas.map((schema) => ({ ...schema, tables: [] })),
    appended,
    warnings,
  }
}

/** Tables that rows are still to be put into: on the others what was to come may be there already, triggers among it. */
function waiting(
  appended: readonly AppendedTable[],
  begun: BegunArrival | undefined,
): readonly AppendedTable[] {
  return appended.filter(({ schema, table }) => begun?.isLoaded(schema, table) !== true)
}

function namesOf({ schemas }: FoundTarget): ReadonlySet<string> {
  return new Set(schemas.map(([name]) => name))
}

async function planAppend(
  connection: Connection,
  { schemas, begun }: ArrivalRequest,
  found: FoundTarget,
  signal: AbortSignal | undefined,
): Promise<Arrival> {
  const existing = found.objects
  const there = tableNames(existing)
  const isThere = (schema: string, table: TableContent) =>
    there.has(formatTableName({ schema, name: table.name }))
  const appended = schemas.flatMap(({ name: schema, tables }) =>
    tables.filter((table) => isThere(schema, table)).map((table) => ({ schema, table })),
  )
  const warnings: string[] = []
  const created = schemas.map((schema) => {
    const objects = existing.filter((object) => object.schema === schema.name)
    const tables = schema.tables.filter((table) => !isThere(schema.name, table))
    const isNew = (part: { readonly name: string }, kind: string) => {
      const other = objects.find((object) => isInTheWay(object, only(schema, kind, part.name)))
      if (other !== undefined)
        warnings.push(
          `${kind} ${schema.name}.${part.name} is not restored: the target has a ${other.kind} of that name`,
        )
      return other === undefined
    }
    return {
      ...schema,
      sequences: schema.sequences.filter((part) => isNew(part, 'sequence')),
      // As they are, where nothing is in the way: what is planned for a table is known by the table itself.
      tables: tables.map((table) => {
        const triggers = table.triggers.filter((part) => isNew(part, 'trigger'))
        return triggers.length === table.triggers.length ? table : { ...table, triggers }
      }),
      views: schema.views.filter((part) => isNew(part, 'view')),
      routines: schema.routines.filter((part) => isNew(part, part.kind)),
      events: schema.events.filter((part) => isNew(part, 'event')),
    }
  })
  // A view is no table to add rows to.
  const others = existing.filter(({ kind, schema, name }) => {
    const content = schemas.find((one) => one.name === schema)
    return (
      (kind === 'view' || kind === 'sequence') &&
      content?.tables.some((table) => table.name === name) === true
    )
  })
  refuse(others)
  warnings.push(...(await checkAppendable(connection, waiting(appended, begun), false, signal)))
  return { found, present: namesOf(found), drops: [], schemas: created, appended, warnings }
}

/** A schema with nothing but one part, to ask what is in the way of that. */
function only(schema: SchemaContent, kind: string, name: string): SchemaContent {
  const isPart = (part: { readonly name: string }) => part.name === name
  const triggers = schema.tables.map((table) => ({
    ...table,
    name: '',
    triggers: table.triggers.filter(isPart),
  }))
  return {
    ...schema,
    sequences: kind === 'sequence' ? schema.sequences.filter(isPart) : [],
    tables: kind === 'trigger' ? triggers : [],
    views: kind === 'view' ? schema.views.filter(isPart) : [],
    routines: schema.routines.filter((part) => part.kind === kind && isPart(part)),
    events: kind === 'event' ? schema.events.filter(isPart) : [],
  }
}

function tableNames(existing: readonly ExistingObject[]): ReadonlySet<string> {
  return new Set(existing.filter(({ kind }) => kind === 'table').map(formatTableName))
}

function goesWithTable({ kind, schema, table }: ExistingObject, dropped: readonly ExistingObject[]): boolean {
  return (
    kind === 'trigger' &&
    dropped.some((object) => object.kind === 'table' && object.schema === schema && object.name === table)
  )
}

/** What is in the way, but for triggers that go with their table and come back; those that do not come back are named. */
function isDropped(object: ExistingObject, inTheWay: readonly ExistingObject[]): boolean {
  return goesWithTable(object, inTheWay) !== inTheWay.includes(object)
}

/** Triggers before the tables they would go with, and the body of a package before the package, which takes it along. */
function dropRank({ kind }: ExistingObject): number {
  return kind === 'trigger' || kind === 'package body' ? 0 : 1
}

function dropName(object: ExistingObject): string {
  const name = formatTableName(object)
  return object.kind === 'table' ? name : `${object.kind} ${name}`
}

const shownObjects = 20

function refuse(inTheWay: readonly ExistingObject[]): void {
  if (inTheWay.length === 0) return
  const names = inTheWay.map(({ kind, schema, name }) => `${kind} ${schema}.${name}`).toSorted()
  const more = names.length > shownObjects ? ` and ${names.length - shownObjects} more` : ''
  throw new HoldfastError(
    'TARGET_NOT_EMPTY',
    `the target already has ${names.slice(0, shownObjects).join(', ')}${more}`,
    { objects: names.length },
  )
}

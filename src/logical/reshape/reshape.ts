// What a restore makes of a backup before anything is created: a part of it, under other names, with other definers.

import type { BackupSource } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import { formatTableName } from '../../core/name-list.ts'
import type { TableName } from '../../instance/instance-facts.ts'
import {
  type CodeContent,
  type LogicalContent,
  parseLogicalContent,
  type SchemaContent,
  type TableContent,
} from '../content.ts'
import { selectContent } from '../definition-statements.ts'
import type { Parts } from '../filters/backup-filters.ts'
import { keptRenames, keptSelection } from '../name-case.ts'
import { exclusionOf, isWhole, type Selection } from '../selection.ts'
import { type Definer, withDefiner } from './definer.ts'
import { renamedCode } from './rename-code.ts'
import { renamedDdl, renamedSchemaDdl } from './rename-table.ts'
import { checkRenames, type RenameRules, Renames } from './renames.ts'

export interface RestoreShape {
  readonly selection: Selection
  /** Both by default. */
  readonly parts?: Parts | undefined
  readonly rename?: RenameRules | undefined
  /** As they are by default. */
  readonly definer?: Definer | undefined
  readonly isWithoutAccounts?: boolean | undefined
}

export interface ReshapedBackup {
  /** The same rows, with the content that is to be restored. */
  readonly backup: BackupSource
  readonly content: LogicalContent
  /** Schemas that come as a whole, by their new names: nothing else of these names has a place beside them. */
  readonly wholeSchemas: ReadonlySet<string>
  readonly warnings: readonly string[]
}

/**
 * @throws HoldfastError USAGE for what the backup does not hold and for names that cannot be given, UNSUPPORTED for definitions that cannot
 *   be read
 */
export function reshape(backup: BackupSource, asked: RestoreShape): ReshapedBackup {
  const whole = parseLogicalContent(backup.content)
  const shape = keptShape(asked, whole.server.lowerCaseTableNames)
  const parts = partsOf(whole, shape.parts)
  const warnings: string[] = []
  let schemas: readonly SchemaContent[] = selectContent(whole, shape.selection).map((schema) =>
    inParts(schema, parts),
  )
  const isWholeIn = (schema: string) =>
    isWholeSchema(whole.selection, schema) && isWholeSchema(shape.selection, schema)
  let wholeSchemas = schemas.map(({ name }) => name).filter(isWholeIn)
  if (shape.rename !== undefined) {
    refuseRenames(shape.rename, shape.selection, schemas)
    const renames = new Renames(shape.rename, whole.server.lowerCaseTableNames > 0)
    schemas = renamedSchemas(schemas, renames, warnings)
    wholeSchemas = wholeSchemas.map((name) => renames.schema(name))
  }
  const { definer } = shape
  if (definer !== undefined)
    schemas = schemas.map((schema) => withCode(schema, (code) => withDefiner(code, definer)))
  const { accounts, ...rest } = whole
  const isAll = isWhole(shape.selection) && shape.rename === undefined && parts !== 'data'
  const hasAccounts = isAll && shape.isWithoutAccounts !== true
  const content: LogicalContent = {
    ...rest,
    selection: isAll ? whole.selection : selectionOf(whole.selection, shape.selection, schemas),
    ...(parts === undefined ? {} : { parts }),
    schemas: [...schemas],
    ...(hasAccounts && accounts !== undefined ? { accounts } : {}),
  }
  return {
    backup: {
      content,
      origin: backup.origin,
      point: backup.point,
      objectNames: () => backup.objectNames(),
      object: (name, signal) => backup.object(name, signal),
      getChunk: (id, signal) => backup.getChunk(id, signal),
    },
    content,
    wholeSchemas: new Set(wholeSchemas),
    warnings,
  }
}

/** With the names that the source has for what is asked. */
function keptShape(shape: RestoreShape, lowerCaseTableNames: number): RestoreShape {
  const { selection, rename } = shape
  return {
    ...shape,
    selection: keptSelection(selection, lowerCaseTableNames),
    rename: rename === undefined ? undefined : keptRenames(rename, lowerCaseTableNames),
  }
}

/** What is left when a backup that holds a part is asked for another. */
function partsOf({ parts }: LogicalContent, wanted: Parts | undefined): Parts | undefined {
  if (parts === undefined || wanted === undefined || parts === wanted) return wanted ?? parts
  const [has, lacks] = parts === 'data' ? ['rows', 'definitions'] : ['definitions', 'rows']
  throw new HoldfastError(
    'USAGE',
    `the backup holds ${has} only, and no ${lacks}`,
    { parts },
    { hint: 'See what backups there are with: holdfast list; and what one holds with: holdfast show.' },
  )
}

function inParts(schema: SchemaContent, parts: Parts | undefined): SchemaContent {
  if (parts === undefined) return schema
  if (parts === 'data') {
    const tables = schema.tables
      .filter(({ object }) => object !== undefined)
      .map((table) => ({ ...table, triggers: [] }))
    return { ...schema, sequences: [], views: [], routines: [], events: [], tables }
  }
  return { ...schema, tables: schema.tables.map(withoutRows) }
}

function withoutRows(table: TableContent): TableContent {
  const { object: _object, ranges: _ranges, ...rest } = table
  return { ...rest, rows: 0 }
}

function isWholeSchema(selection: Selection, schema: string): boolean {
  if (selection.kind === 'tables') return false
  return exclusionOf(selection)?.tables.some((table) => table.schema === schema) !== true
}

function selectionOf(of: Selection, wanted: Selection, schemas: readonly SchemaContent[]): Selection {
  if (of.kind === 'tables' || wanted.kind === 'tables')
    return { kind: 'tables', tables: schemas.flatMap(relationsOf) }
  return { kind: 'schemas', schemas: schemas.map(({ name }) => name) }
}

function relationsOf({ name: schema, tables, views, sequences }: SchemaContent): readonly TableName[] {
  return [...tables, ...views, ...sequences].map(({ name }) => ({ schema, name }))
}

function refuseRenames(rules: RenameRules, selection: Selection, schemas: readonly SchemaContent[]): void {
  checkRenames(rules, schemas)
  if (rules.tables.length === 0 || selection.kind === 'tables') return
  // Code names the tables of its own schema without that, and cannot be rewritten.
  throw new HoldfastError(
    'USAGE',
    '--rename of a table goes with --tables: the code of a whole schema would go on to name the old one',
    {},
    { hint: 'Name the tables with --tables, or rename the schema.' },
  )
}

function renamedSchemas(
  schemas: readonly SchemaContent[],
  renames: Renames,
  warnings: string[],
): readonly SchemaContent[] {
  const merged = new Map<string, SchemaContent>()
  for (const schema of schemas) {
    for (const part of placesOf(schema, renames)) {
      const renamed = renamedPart(schema, part, renames, warnings)
      const there = merged.get(part)
      merged.set(part, there === undefined ? renamed : joined(there, renamed))
    }
  }
  return [...merged.values()]
}

/** The schemas that what a schema holds goes to: one, unless single tables go elsewhere. */
function placesOf(schema: SchemaContent, renames: Renames): ReadonlySet<string> {
  const relations = relationsOf(schema)
  const places = relations.map((name) => renames.table(name).schema)
  return new Set(places.length === 0 || hasCode(schema) ? [renames.schema(schema.name), ...places] : places)
}

function hasCode({ routines, events }: SchemaContent): boolean {
  return routines.length > 0 || events.length > 0
}

function renamedPart(
  schema: SchemaContent,
  place: string,
  renames: Renames,
  warnings: string[],
): SchemaContent {
  const own = (name: string): TableName => ({ schema: schema.name, name })
  const isHere = ({ name }: { readonly name: string }) => renames.table(own(name)).schema === place
  const isMain = place === renames.schema(schema.name)
  const code = (parts: readonly CodeContent[]) =>
    parts.flatMap((part) => {
      const renamed = renamedCode(part, renames)
      if (renamed !== undefined) return [renamed]
      warnings.push(
        `${part.kind} ${schema.name}.${part.name} names a schema that gets another name, in a way that cannot be rewritten for certain: it is not restored`,
      )
      return []
    })
  return {
    ...schema,
    name: place,
    ddl: place === schema.name ? schema.ddl : renamedSchemaDdl(schema.ddl, place),
    sequences: schema.sequences.filter(isHere).map((sequence) => ({
      ...sequence,
      name: renames.table(own(sequence.name)).name,
      ddl: renamedDdl(sequence.ddl, own(sequence.name), renames),
    })),
    tables: schema.tables.filter(isHere).map((table) => {
      const from = own(table.name)
      const isRenamed = renames.isRenamedTable(from)
      if (isRenamed) refuseMerge(table.engine, from)
      for (const trigger of isRenamed ? table.triggers : []) {
        warnings.push(
          `trigger ${schema.name}.${trigger.name} is not restored, for its table ${formatTableName(from)} gets another name`,
        )
      }
      return {
        ...table,
        name: renames.table(from).name,
        ddl: renamedDdl(table.ddl, from, renames),
        triggers: isRenamed ? [] : code(table.triggers),
      }
    }),
    views: code(schema.views.filter(isHere)).map((view) => ({
      ...view,
      name: renames.table(own(view.name)).name,
    })),
    routines: isMain ? code(schema.routines) : [],
    events: isMain ? code(schema.events) : [],
  }
}

/** It lists its tables without their schema. */
function refuseMerge(engine: string, table: TableName): void {
  if (engine.toUpperCase() !== 'MRG_MYISAM') return
  throw new HoldfastError(
    'UNSUPPORTED',
    `--rename: ${formatTableName(table)} is made of other tables (${engine})`,
  )
}

function joined(one: SchemaContent, other: SchemaContent): SchemaContent {
  return {
    ...one,
    sequences: [...one.sequences, ...other.sequences],
    tables: [...one.tables, ...other.tables],
    views: [...one.views, ...other.views],
    routines: [...one.routines, ...other.routines],
    events: [...one.events, ...other.events],
  }
}

function withCode(schema: SchemaContent, change: (code: CodeContent) => CodeContent): SchemaContent {
  return {
    ...schema,
    tables: schema.tables.map((table) => ({ ...table, triggers: table.triggers.map(change) })),
    views: schema.views.map(change),
    routines: schema.routines.map(change),
    events: schema.events.map(change),
  }
}

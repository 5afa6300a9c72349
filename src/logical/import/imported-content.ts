// The content of a backup that is made of what a dump defines.
import { HoldfastError } from '../../core/errors.ts'
import { quoteName } from '../../instance/sql-text.ts'
import { statementText } from '../code.ts'
import type { CodeContent, SchemaContent, TableContent } from '../content.ts'
import { tableObjectName } from '../read-tables.ts'
import { rowlessEngines } from '../table-definition.ts'
import { hasHistory, type ImportedSchema, type ImportedTable } from './imported-parts.ts'

const transactionalEngines = new Set(['INNODB', 'ROCKSDB', 'TOKUDB', 'NDBCLUSTER', 'NDB'])

/** `createdAt`: of events, in seconds. @throws HoldfastError UNSUPPORTED for what the dump has only a stand-in of */
export function schemaContent(schema: ImportedSchema, createdAt: number): SchemaContent {
  const { name, tables } = schema
  const [stateless] = schema.sequenceTables
  if (stateless !== undefined) {
    throw new HoldfastError(
      'UNSUPPORTED',
      `${name}.${stateless} is a sequence, which the dump has as a table without its row`,
    )
  }
  // Where only code tells it, at the end: then its collation is the schema's own again.
  const collation = schema.collation ?? schema.currentCollation
  const ddl = schema.ddl ?? schemaDdl(name, collation)
  for (const [view, { isPlaceholder }] of schema.views) {
    if (!isPlaceholder) continue
    throw new HoldfastError(
      'UNSUPPORTED',
      `the dump has only what stands in for view ${name}.${view}, and not the view`,
    )
  }
  return {
    name,
    ddl,
    collation: collation ?? '',
    sequences: [...schema.sequences].map(([sequence, state]) => ({
      name: sequence,
      ddl: state.ddl,
      next: state.next ?? '1',
      cycle: state.cycle,
    })),
    tables: [...tables.values()].map(tableContent),
    views: [...schema.views.values()].map(({ code }) => code),
    routines: [...schema.routines.values()].toSorted((a, b) => order(a) - order(b)),
    events: [...schema.events.values()].map((event) => ({
      ...event,
      createdAt: creationOf(event, createdAt),
    })),
  }
}

/** Neither its definition nor code tells it. */
export function isCharsetUnsaid({ ddl, collation, currentCollation }: ImportedSchema): boolean {
  return ddl === undefined && (collation ?? currentCollation) === undefined
}

function schemaDdl(name: string, collation: string | undefined): string {
  return `CREATE DATABASE ${quoteName(name)}${collation === undefined ? '' : ` COLLATE ${quoteName(collation)}`}`
}

const daySeconds = 86_400

/** Of an event, in seconds: as of the dump, or a day before its time where that has passed; made later it would be gone at once. */
function creationOf({ statement }: CodeContent, dumpedAt: number): number {
  const times = [...statementText(statement).matchAll(/ (?:AT|ENDS) '(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'/g)]
  const ends = times.map(([, time = '']) => Date.parse(`${time.replace(' ', 'T')}Z`) / 1000 - daySeconds)
  return Math.max(1, Math.min(dumpedAt, ...ends.filter((end) => Number.isFinite(end))))
}

/** A package body needs its package. */
function order({ kind }: CodeContent): number {
  return ['package', 'package body', 'procedure', 'function'].indexOf(kind)
}

function tableContent(table: ImportedTable): TableContent {
  const { schema, definition, ddl, triggers, form, rows } = table
  const { name, engine } = definition
  return {
    name,
    ddl,
    engine,
    isTransactional: transactionalEngines.has(engine.toUpperCase()),
    ...(hasObject(table) ? { object: tableObjectName(schema, name) } : {}),
    columns: (form?.columns ?? []).flatMap((column) =>
      column === undefined ? [] : [{ name: column.name, encoding: column.encoding }],
    ),
    rows,
    hasHistory: hasHistory(definition, form),
    isInsertOnly: definition.isVersioned || definition.isWithoutOverlaps,
    isImported: true,
    triggers,
  }
}

export function hasObject({ definition, rows }: ImportedTable): boolean {
  return rows > 0 || !rowlessEngines.has(definition.engine.toUpperCase())
}

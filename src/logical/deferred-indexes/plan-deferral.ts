// Which indexes and foreign keys of what is restored are added when the rows are in.
import type { TableContent } from '../content.ts'
import { deferrableKeys } from './deferrable-keys.ts'
import {
  createWithout,
  type ForeignClause,
  type KeyClause,
  type TableClauses,
  tableClauses,
} from './table-clauses.ts'

/** What is to be restored of a table. */
export interface SizedTable {
  readonly schema: string
  readonly table: TableContent
  /** Of its text. */
  readonly bytes: number
}

export interface DeferredTable {
  readonly schema: string
  readonly table: TableContent
  /** Makes the table without what follows. */
  readonly create: string
  /** Clauses of one ALTER TABLE each, to be run in this order when the rows are in. */
  readonly indexes: readonly (readonly string[])[]
  /** To be added when all tables have their indexes: they may be needed at either end. */
  readonly foreignKeys: readonly string[]
}

export type Deferral = ReadonlyMap<TableContent, DeferredTable>

// 16 MiB. Measured with sysbench rows: later indexes save 7 ms (MariaDB) to 14 ms (MySQL) of server time a MiB, and an ALTER TABLE costs
// some 20 ms however small the table is.
const deferFromBytes = 16 * 1024 * 1024
// Adding a FULLTEXT key later saves some 700 ms a MiB on both: 5 MiB of words took 5.2 s of server time with it and 1.4 s without on
// MariaDB 10.11, 7.2 s and 3.1 s on MySQL 9.7.
const fulltextWeight = 16

interface ParsedTable {
  readonly schema: string
  readonly table: TableContent
  readonly clauses: TableClauses
}

/** Nothing is deferred of tables with less than `minBytes` of text, nor where the order of keys could not be kept. */
export function planDeferral(tables: readonly SizedTable[], minBytes = deferFromBytes): Deferral {
  const large = tables.filter(({ table, bytes }) => {
    const weight = table.ddl.includes('FULLTEXT KEY') ? fulltextWeight : 1
    return table.rows > 0 && bytes * weight >= minBytes
  })
  if (large.length === 0) return new Map()
  const pointing = tables.filter(({ table }) => table.ddl.includes('REFERENCES'))
  const parsed = new Map<TableContent, ParsedTable>()
  for (const sized of new Set([...large, ...pointing])) {
    const clauses = tableClauses(sized.table.ddl)
    if (clauses !== undefined) parsed.set(sized.table, { schema: sized.schema, table: sized.table, clauses })
    // It may point to any table.
    else if (sized.table.ddl.includes('REFERENCES')) return new Map()
  }
  // A table whose foreign keys stay needs the keys that these point to.
  const pinned = new Set([...parsed.values()].filter((one) => !one.clauses.isOrdinary).flatMap(targetsOf))
  const split = large.filter(({ schema, table }) => {
    const candidate = parsed.get(table)
    const isPinned = pinned.has(tableKey(schema, table.name))
    return candidate !== undefined && !isPinned && deferrableKeys(candidate.clauses).length > 0
  })
  const splitTables = new Set(split.map(({ table }) => table))
  const splitNames = new Set(split.map(({ schema, table }) => tableKey(schema, table.name)))
  const deferral = new Map<TableContent, DeferredTable>()
  for (const candidate of parsed.values()) {
    const isSplit = splitTables.has(candidate.table)
    if (isSplit || targetsOf(candidate).some((target) => splitNames.has(target)))
      deferral.set(candidate.table, deferredTable(candidate, laterKeys(candidate, isSplit)))
  }
  return deferral
}

function laterKeys({ clauses }: ParsedTable, isSplit: boolean): readonly (KeyClause | ForeignClause)[] {
  return [...(isSplit ? deferrableKeys(clauses) : []), ...foreignKeysOf(clauses)]
}

/** The same table with some of its keys added later. */
export function deferredTable(
  { schema, table, clauses }: ParsedTable,
  later: readonly (KeyClause | ForeignClause)[],
): DeferredTable {
  const keys = later.filter((clause) => clause.kind === 'key')
  const foreign = later.filter((clause) => clause.kind === 'foreign')
  const [fulltext, ...moreFulltexts] = keys.filter(({ type }) => type === 'fulltext')
  const first = keys.filter((key) => key.type !== 'fulltext' || key === fulltext)
  return {
    schema,
    table,
    create: createWithout(clauses, new Set([...keys, ...foreign])),
    // InnoDB makes one FULLTEXT index at a time, or copies the whole table.
    indexes: [first, ...moreFulltexts.map((key) => [key])]
      .filter((group) => group.length > 0)
      .map((group) => group.map(({ text }) => text)),
    foreignKeys: foreign.map(({ text }) => text),
  }
}

function foreignKeysOf({ clauses }: TableClauses): readonly ForeignClause[] {
  return clauses.filter((clause) => clause.kind === 'foreign')
}

function targetsOf({ schema, clauses }: ParsedTable): readonly string[] {
  return foreignKeysOf(clauses).map(({ references }) =>
    tableKey(references.schema ?? schema, references.name),
  )
}

/** Without regard to case: two tables too many taken for one cost nothing. */
function tableKey(schema: string, name: string): string {
  return `${schema}\0${name}`.toLowerCase()
}

// The result of an import: what was collected, with the moment it is of, and what has to be said about it.

import type { Flavour } from '../../core/flavour.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { releaseNumber } from '../../instance/server-release.ts'
import type { LogicalContent } from '../content.ts'
import type { Selection } from '../selection.ts'
import type { ImportBuilder } from './import-builder.ts'
import type { DumpFormat, ImportResult } from './import-dump.ts'

export interface Collected {
  readonly builder: ImportBuilder
  readonly format: DumpFormat
  /** What wrote the dump. */
  readonly tool: string
  readonly flavour: Flavour
  readonly serverVersion: string
  readonly lowerCaseTableNames?: number
  /** A dump of all schemas that the server had. */
  readonly isEverything: boolean
  readonly point: RecoveryPoint
  readonly warnings: readonly string[]
}

const shownTables = 10

export function finishImport(collected: Collected): ImportResult {
  const { builder, format, tool, flavour, serverVersion, isEverything, point } = collected
  const schemas = [...builder.schemas(Math.floor(point.timeMicros / 1_000_000))]
  const selection: Selection = isEverything
    ? { kind: 'everything' }
    : { kind: 'schemas', schemas: schemas.map(({ name }) => name) }
  const content: LogicalContent = {
    format: 1,
    selection,
    server: {
      release: releaseNumber(serverVersion),
      lowerCaseTableNames: collected.lowerCaseTableNames ?? 0,
    },
    imported: { format, tool },
    schemas,
  }
  const tables = schemas.flatMap((schema) => schema.tables)
  return {
    result: {
      kind: 'logical',
      method: 'dump',
      origin: { flavour, serverVersion, serverId: 0 },
      point,
      isPartial: !isEverything,
      content,
      objects: builder.objects(),
      warnings: [...collected.warnings, ...builder.warnings, ...lossesOf(builder), ...pointWarnings(point)],
    },
    schemas: schemas.length,
    tables: tables.length,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
  }
}

/** What the dump has lost already, and what it holds and the backup does not. */
function lossesOf(builder: ImportBuilder): readonly string[] {
  return [
    ...about(builder.floatTables(), 'dumps have at most six digits of a FLOAT, and more cannot come back'),
    ...about(
      builder.historyLost(),
      'only the current rows of system-versioned tables are part of the backup, and not their history',
    ),
    ...about(builder.hiddenLost(), 'rows come without hidden (INVISIBLE) columns, which get their defaults'),
    ...about(
      builder.leftOut,
      'schemas of the server itself, and with them accounts and grants, are not part of the backup',
    ),
  ]
}

function about(names: readonly string[], what: string): readonly string[] {
  return names.length === 0 ? [] : [`${what}: ${listOf(names)}`]
}

function pointWarnings({ position, gtid }: RecoveryPoint): readonly string[] {
  if (position !== undefined || gtid !== undefined) return []
  return [
    'the dump does not say where it stands in the binary log: this backup can bring back its own moment and nothing after it',
  ]
}

function listOf(names: readonly string[]): string {
  const more = names.length > shownTables ? ` and ${names.length - shownTables} more` : ''
  return `${names.slice(0, shownTables).join(', ')}${more}`
}

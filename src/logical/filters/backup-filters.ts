// What of the selected tables goes into a backup: definitions, rows, which rows, and in which columns something else than is there.
import { HoldfastError } from '../../core/errors.ts'
import type { TableName } from '../../instance/instance-facts.ts'
import type { Connection } from '../../wire/connection.ts'
import type { SchemaDefinition } from '../definitions.ts'
import type { MaskRule } from '../masking/mask-method.ts'
import { maskTables } from '../masking/mask-tables.ts'
import type { TableDefinition } from '../table-definition.ts'
import { checkCondition } from './row-condition.ts'

/** `structure`: definitions without rows. `data`: rows of tables without code, sequences and accounts. */
export type Parts = 'structure' | 'data'

export interface RowFilter extends TableName {
  /** For WHERE, in the SQL of the server. */
  readonly condition: string
}

export interface BackupFilters {
  /** Both by default. */
  readonly parts?: Parts | undefined
  /** One a table at most. */
  readonly where?: readonly RowFilter[] | undefined
  readonly masks?: readonly MaskRule[] | undefined
  /** What keyed methods make their values with. */
  readonly maskKey?: Buffer | undefined
}

/** Nothing is left out or changed. */
export function isUnfiltered({ parts, where = [], masks = [] }: BackupFilters): boolean {
  return parts === undefined && where.length === 0 && masks.length === 0
}

/**
 * The definitions of what the backup is to hold.
 * @throws HoldfastError USAGE for a table or column that is not there or has no rows here, for a condition that the server does not
 *   understand, and for a mask that its column cannot take
 */
export async function applyFilters(
  connection: Connection,
  schemas: readonly SchemaDefinition[],
  filters: BackupFilters,
  signal: AbortSignal | undefined,
): Promise<readonly SchemaDefinition[]> {
  if (isUnfiltered(filters)) return schemas
  const { parts, where = [], masks = [] } = filters
  if (parts === 'structure' && where.length + masks.length > 0) {
    throw new HoldfastError('USAGE', '--structure-only has no rows that --where or --mask could act on')
  }
  refuseTwice(where)
  for (const rule of where) {
    findTable(schemas, rule, '--where')
    await checkCondition(connection, rule, signal)
  }
  for (const { schema, table } of masks) findTable(schemas, { schema, name: table }, '--mask')
  const masked = await maskTables(connection, schemas, filters, signal)
  return masked.map((schema) => ({
    ...schema,
    ...(parts === 'data' ? noCode : {}),
    tables: schema.tables.map((table) => ({
      ...table,
      ...(parts === 'structure' ? { select: undefined } : {}),
      ...conditionOf(where, schema, table),
    })),
  }))
}

const noCode = { sequenceNames: [], triggers: new Map<string, never>(), views: [], routines: [], events: [] }

function conditionOf(
  where: readonly RowFilter[],
  schema: SchemaDefinition,
  { name }: TableDefinition,
): { readonly where?: string } {
  const rule = where.find((rule) => rule.schema === schema.name && rule.name === name)
  return rule === undefined ? {} : { where: rule.condition }
}

/** Two conditions of one table could mean both or either. */
function refuseTwice(where: readonly RowFilter[]): void {
  const names = where.map(({ schema, name }) => `${schema}.${name}`)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return
  throw new HoldfastError(
    'USAGE',
    `--where is given more than once for ${twice}`,
    { table: twice },
    { hint: 'Join the conditions with AND or OR.' },
  )
}

function findTable(
  schemas: readonly SchemaDefinition[],
  { schema, name }: TableName,
  option: string,
): TableDefinition {
  const table = schemas.find((one) => one.name === schema)?.tables.find((one) => one.name === name)
  if (table?.select !== undefined) return table
  const what = table === undefined ? 'is not a table of this backup' : 'has no rows of its own'
  throw new HoldfastError(
    'USAGE',
    `${option}: ${schema}.${name} ${what}`,
    { table: `${schema}.${name}` },
    {
      hint: 'Check the spelling (upper and lower case may count), and --schemas, --tables and --exclude.',
    },
  )
}

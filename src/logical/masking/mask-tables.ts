// Puts masks into the statements that read tables, and refuses those that would break what the table promises.
import { HoldfastError } from '../../core/errors.ts'
import { formatNames } from '../../core/name-list.ts'
import { isSchema, quoteText } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf, textOf, textOrNull } from '../../wire/row-values.ts'
import type { SchemaDefinition } from '../definitions.ts'
import type { BackupFilters } from '../filters/backup-filters.ts'
import type { TableDefinition } from '../table-definition.ts'
import { columnUses } from './column-uses.ts'
import { formatMaskMethod, isKeyed, type MaskRule } from './mask-method.ts'
import { type MaskedColumn, type MaskedValue, maskedValue } from './masked-value.ts'

/** @throws HoldfastError USAGE naming the column, and why it cannot be masked so */
export async function maskTables(
  connection: Connection,
  schemas: readonly SchemaDefinition[],
  { masks = [], maskKey }: BackupFilters,
  signal: AbortSignal | undefined,
): Promise<readonly SchemaDefinition[]> {
  if (masks.length === 0) return schemas
  checkRules(masks, maskKey)
  const masked: SchemaDefinition[] = []
  for (const schema of schemas) {
    const tables: TableDefinition[] = []
    for (const table of schema.tables) {
      const rules = masks.filter((rule) => rule.schema === schema.name && rule.table === table.name)
      tables.push(rules.length === 0 ? table : await maskTable(connection, table, rules, signal))
    }
    masked.push({ ...schema, tables })
  }
  return masked
}

function checkRules(masks: readonly MaskRule[], maskKey: Buffer | undefined): void {
  const names = masks.map(nameOf)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) {
    throw new HoldfastError('USAGE', `--mask is given more than once for ${twice}`, { column: twice })
  }
  const keyed = masks.find(({ method }) => isKeyed(method))
  if (keyed === undefined || maskKey !== undefined) return
  throw new HoldfastError(
    'USAGE',
    `--mask ${nameOf(keyed)}:${keyed.method.kind} needs a key`,
    { column: nameOf(keyed) },
    { hint: 'Make one with: head -c 32 /dev/urandom > mask.key; and give it with --mask-key mask.key.' },
  )
}

async function maskTable(
  connection: Connection,
  table: TableDefinition,
  rules: readonly MaskRule[],
  signal: AbortSignal | undefined,
): Promise<TableDefinition> {
  const expressions = [...table.expressions]
  const columns = [...table.columns]
  for (const rule of rules) {
    const at = columns.findIndex(({ name }) => name === rule.column)
    const content = columns[at]
    if (content === undefined) throw refuse(rule, 'is not among its stored columns')
    const { value, column } = await maskColumn(connection, table, rule, content.encoding === 'number', signal)
    await checkConstant(connection, rule, column, signal)
    expressions[at] = value.sql
    columns[at] = { ...content, mask: formatMaskMethod(rule.method) }
  }
  return { ...table, expressions, columns, select: `SELECT ${expressions.join(', ')} ${table.from}` }
}

async function maskColumn(
  connection: Connection,
  { ddl }: TableDefinition,
  rule: MaskRule,
  isNumbered: boolean,
  signal: AbortSignal | undefined,
): Promise<{ readonly value: MaskedValue; readonly column: MaskedColumn }> {
  const uses = columnUses(ddl, rule.column)
  if (uses === undefined) throw refuse(rule, 'belongs to a table whose definition cannot be read')
  for (const use of uses) if (use.kind === 'fixed') throw refuse(rule, `is needed for ${use.what}`)
  await refuseReferenced(connection, rule, signal)
  const column = await readColumn(connection, rule, isNumbered, signal)
  const isJson = uses.some(({ kind }) => kind === 'json')
  const shape = isJson ? { ...column, type: 'json' } : column
  const value = maskedValue(shape, rule.method)
  if (typeof value === 'string') throw refuse(rule, `cannot be masked by ${rule.method.kind}: ${value}`)
  for (const use of uses) {
    if (use.kind !== 'unique') continue
    // 45 characters have all of an address, and more than a hash needs.
    const isCut = use.prefix !== undefined && use.prefix < 45 && rule.method.kind !== 'null'
    if (!value.isDistinct || isCut) {
      throw refuse(rule, `is part of ${use.what}, in which ${rule.method.kind} may make duplicates`)
    }
  }
  return { value, column: shape }
}

/** Rows of other tables, also of those that are not backed up, name this column's values. */
async function refuseReferenced(
  connection: Connection,
  rule: MaskRule,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [row] = await connection.query(
    `SELECT CONSTRAINT_NAME AS name, TABLE_SCHEMA AS tableSchema, TABLE_NAME AS tableName
     FROM information_schema.KEY_COLUMN_USAGE
     WHERE ${isSchema('REFERENCED_TABLE_SCHEMA', rule.schema)} AND REFERENCED_TABLE_NAME = ${quoteText(rule.table)}
       AND REFERENCED_COLUMN_NAME = ${quoteText(rule.column)} LIMIT 1`,
    { signal },
  )
  if (row === undefined) return
  const table = `${textOf(row, 'tableSchema')}.${textOf(row, 'tableName')}`
  throw refuse(rule, `is needed for foreign key ${textOf(row, 'name')} of ${table}`)
}

async function readColumn(
  connection: Connection,
  rule: MaskRule,
  isNumbered: boolean,
  signal: AbortSignal | undefined,
): Promise<MaskedColumn> {
  const [row] = await connection.query(
    `SELECT DATA_TYPE AS type, COLUMN_TYPE AS fullType, IS_NULLABLE AS nullable, CHARACTER_SET_NAME AS charset,
       COALESCE(CHARACTER_MAXIMUM_LENGTH, 0) AS maxLength
     FROM information_schema.COLUMNS
     WHERE ${isSchema('TABLE_SCHEMA', rule.schema)} AND TABLE_NAME = ${quoteText(rule.table)}
       AND COLUMN_NAME = ${quoteText(rule.column)}`,
    { signal },
  )
  if (row === undefined) throw refuse(rule, 'is not among its stored columns')
  return {
    name: rule.column,
    type: textOf(row, 'type').toLowerCase(),
    fullType: textOf(row, 'fullType'),
    isNullable: textOf(row, 'nullable') === 'YES',
    charset: textOrNull(row, 'charset') ?? undefined,
    maxLength: numberOf(row, 'maxLength'),
    isNumbered,
  }
}

/** What the column's character set lacks would silently be a question mark. */
async function checkConstant(
  connection: Connection,
  rule: MaskRule,
  { charset }: MaskedColumn,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (rule.method.kind !== 'constant' || charset === undefined) return
  const text = quoteText(rule.method.value)
  const [row = {}] = await connection.query(
    `SELECT HEX(CONVERT(CONVERT(${text} USING \`${charset}\`) USING utf8mb4)) = HEX(${text}) AS isSame`,
    { signal },
  )
  if (String(row['isSame']) !== '1') throw refuse(rule, `has character set ${charset}, which cannot say that`)
}

function refuse(rule: MaskRule, problem: string): HoldfastError {
  return new HoldfastError(
    'USAGE',
    `--mask: ${nameOf(rule)} ${problem}`,
    { column: nameOf(rule) },
    { hint: 'Choose another method or column; a whole table is left out with --exclude.' },
  )
}

function nameOf({ schema, table, column }: MaskRule): string {
  return formatNames([schema, table, column])
}

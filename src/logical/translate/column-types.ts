// Columns of types that the target does not have, or has under another name.
import { quoteName } from '../../instance/sql-text.ts'
import { attributeText, type ColumnText, hasAttribute, withoutAttributes } from './column-text.ts'
import type { TableContext } from './table-context.ts'

/** What a type becomes where it is not known. */
const replacements: Readonly<
  Record<string, { readonly type: string; readonly size: string; readonly as: string }>
> = {
  // In ASCII, as they are printed.
  uuid: { type: 'char', size: '(36)', as: 'CHAR(36), as text' },
  inet4: { type: 'varchar', size: '(15)', as: 'VARCHAR(15), as text' },
  inet6: { type: 'varchar', size: '(39)', as: 'VARCHAR(39), as text' },
  xmltype: { type: 'longtext', size: '', as: 'LONGTEXT' },
  // 16,383 numbers of 4 bytes are the most: 65,532.
  vector: { type: 'blob', size: '', as: 'BLOB, with the bytes of its numbers' },
}

export function withKnownType(column: ColumnText, context: TableContext): ColumnText {
  const { features, tell } = context
  const { name, type } = column
  if (type === 'json' && features.json === 'text') {
    tell('changed', `column ${name}: JSON is text with a check there`)
    return jsonText(column)
  }
  if (features.json === 'type' && isJsonText(column)) return withJson(column, context)
  if (type === 'geomcollection' && !features.types.has(type)) return { ...column, type: 'geometrycollection' }
  const replacement =
    features.types.has(type) || !Object.hasOwn(replacements, type) ? undefined : replacements[type]
  if (replacement === undefined) return column
  tell('changed', `column ${name}: ${type.toUpperCase()} becomes ${replacement.as}`)
  const { type: to, size } = replacement
  const isAscii = to === 'char' || to === 'varchar'
  return {
    ...column,
    type: to,
    size,
    attributes: [
      ...(isAscii
        ? ([
            { kind: 'charset', text: 'CHARACTER SET ascii' },
            { kind: 'collate', text: 'COLLATE ascii_general_ci' },
          ] as const)
        : []),
      ...column.attributes,
    ],
  }
}

/** As MariaDB shows it. Of a generated column it makes that itself. */
function jsonText(column: ColumnText): ColumnText {
  if (hasAttribute(column, 'generated')) return column
  return {
    ...column,
    type: 'longtext',
    attributes: [
      { kind: 'charset', text: 'CHARACTER SET utf8mb4' },
      { kind: 'collate', text: 'COLLATE utf8mb4_bin' },
      ...column.attributes,
      { kind: 'check', text: `CHECK (json_valid(${quoteName(column.name)}))` },
    ],
  }
}

/** MySQL has no keys over JSON: then it stays text, with its check. */
function withJson(column: ColumnText, { keyColumns, tell }: TableContext): ColumnText {
  if (keyColumns.has(column.name)) return column
  tell(
    'changed',
    `column ${column.name}: JSON in text becomes JSON, which is written anew: in another order and spacing, and without members that are there twice`,
  )
  return { ...withoutAttributes(column, 'charset', 'collate', 'check'), type: 'json' }
}

/** What MariaDB makes of JSON: LONGTEXT with a check of this column alone. */
function isJsonText(column: ColumnText): boolean {
  const check = attributeText(column, 'check')?.replaceAll(/\s/g, '').toLowerCase()
  const name = quoteName(column.name).replaceAll(/\s/g, '').toLowerCase()
  return (
    column.type === 'longtext' &&
    check === `check(json_valid(${name}))` &&
    !hasAttribute(column, 'compressed')
  )
}

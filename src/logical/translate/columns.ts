// One column after the other: its type, its default, and attributes that the target has not.
import { withKnownDefault } from './column-defaults.ts'
import {
  attributeText,
  type ColumnText,
  hasAttribute,
  withAttribute,
  withoutAttributes,
} from './column-text.ts'
import { withKnownType } from './column-types.ts'
import type { TableContext } from './table-context.ts'

type Rule = (column: ColumnText, context: TableContext) => ColumnText

const rules: readonly Rule[] = [
  withKnownType,
  withKnownDefault,
  generated,
  invisible,
  spatial,
  compressed,
  withoutLayout,
]

/** Undefined for a column that the target cannot have. */
export function translatedColumn(column: ColumnText, context: TableContext): ColumnText | undefined {
  if (!context.features.systemVersioning && isPeriodColumn(column)) {
    context.tell('dropped', `column ${column.name}, which says how long a version of a row holds`)
    return undefined
  }
  return rules.reduce((one, rule) => rule(one, context), column)
}

/** ROW START and ROW END of a system-versioned table. */
export function isPeriodColumn(column: ColumnText): boolean {
  return /\bAS ROW (?:START|END)\b/i.test(attributeText(column, 'generated') ?? '')
}

function generated(column: ColumnText, { features, tell }: TableContext): ColumnText {
  if (!hasAttribute(column, 'generated')) return column
  const stored = attributeText(column, 'stored')
  const named = stored?.toUpperCase() === 'PERSISTENT' ? withAttribute(column, 'stored', 'STORED') : column
  if (features.generatedNotNull || !hasAttribute(named, 'not null')) return named
  tell('changed', `column ${column.name}: generated, and so without NOT NULL`)
  return withoutAttributes(named, 'not null')
}

/** MariaDB wants a value for what nobody names. */
function invisible(column: ColumnText, { target, tell }: TableContext): ColumnText {
  const needsNone =
    hasAttribute(column, 'default', 'auto_increment', 'generated') || !hasAttribute(column, 'not null')
  if (target.flavour === 'mysql' || !hasAttribute(column, 'invisible') || needsNone) return column
  tell('changed', `column ${column.name}: visible, for an invisible one must have a default`)
  return withoutAttributes(column, 'invisible')
}

function spatial(column: ColumnText, { features, tell, isOtherFlavour }: TableContext): ColumnText {
  if (!isOtherFlavour || !hasAttribute(column, 'srid')) return column
  const srid = /\d+/.exec(attributeText(column, 'srid') ?? '')?.[0] ?? '0'
  if (features.srids && srid !== '0') return withAttribute(column, 'srid', `SRID ${srid}`)
  if (srid !== '0') tell('changed', `column ${column.name}: takes values of any SRID, not of ${srid} only`)
  return withoutAttributes(column, 'srid')
}

function compressed(column: ColumnText, { features, tell }: TableContext): ColumnText {
  if (features.compressedColumns || !hasAttribute(column, 'compressed')) return column
  tell('changed', `column ${column.name}: not compressed`)
  return withoutAttributes(column, 'compressed')
}

function withoutLayout(column: ColumnText, { features, tell, isOtherFlavour }: TableContext): ColumnText {
  if (!isOtherFlavour) return column
  if (!features.systemVersioning && hasAttribute(column, 'versioning')) {
    // With the versions of the rows, which are told of the table.
    return withoutLayoutOf(withoutAttributes(column, 'versioning'), tell)
  }
  return withoutLayoutOf(column, tell)
}

function withoutLayoutOf(column: ColumnText, tell: TableContext['tell']): ColumnText {
  for (const { text } of column.attributes.filter(({ kind }) => kind === 'layout' || kind === 'engine'))
    tell('dropped', `column ${column.name}: ${text}`)
  return withoutAttributes(column, 'layout', 'engine')
}

// Text tables: columns as wide as their widest cell, numbers to the right, no lines around them.
import { visibleLine } from './visible-text.ts'

export interface Column {
  readonly title: string
  /** Right-aligned, for sizes and counts. */
  readonly isNumber?: boolean
}

/** Lines of a table, title first; a cell cannot leave its own line. Nothing after the last cell of a line, so that it copies and greps well. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(visibleLine))
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...shown.map((row) => (row[index] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => pad(cells[index] ?? '', widths[index] ?? 0, column.isNumber === true))
      .join('  ')
      .trimEnd()
  return [line(columns.map((column) => column.title)), ...shown.map(line)].join('\n')
}

/** `name:  value` lines with the values under each other. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length)) + 1
  return fields
    .map(([name, value]) => `${`${name}:`.padEnd(width)}  ${visibleLine(value)}`.trimEnd())
    .join('\n')
}

function pad(text: string, width: number, isNumber: boolean): string {
  return isNumber ? text.padStart(width) : text.padEnd(width)
}

// `holdfast binlog show`: the changes of transactions, row by row, with the values before and after.
import {
  type LoggedValue,
  type RowImage,
  type ShownItem,
  type ShownTable,
  type ShownTransaction,
  showBinlog,
} from '../../operations/show-binlog.ts'
import { repositoryAccess, requiredSource } from '../access.ts'
import { toJson } from '../output/json-output.ts'
import { valueText } from '../output/logged-values.ts'
import { groupDigits } from '../output/progress-text.ts'
import { formatTable } from '../output/table.ts'
import { formatMicros } from '../output/time.ts'
import { visibleLine, visibleText } from '../output/visible-text.ts'
import type { VerbRun } from '../verb.ts'
import { binlogFilter, readPlace } from './binlog-filter.ts'

const defaultLimit = 100

export const run: VerbRun = async (context) => {
  const { options, say, signal, writeOutput } = context
  const source = requiredSource(context)
  const limit = options.integer('limit') ?? defaultLimit
  const describe = options.flag('json') ? jsonLines() : textLines
  const report = await showBinlog(
    {
      access: repositoryAccess(context),
      source,
      ...binlogFilter(options),
      from: readPlace('from', options.text('from')),
      to: readPlace('to', options.text('to')),
      limit,
    },
    (item) => writeOutput(Buffer.from(describe(item))),
    signal,
  )
  if (report.isCut) say(`There are more than ${limit}; narrow the search or raise --limit.`)
  const text = report.transactions === 0 ? `No transaction in the archive of ${source} is like that.` : ''
  return { text, json: { source, ...report } }
}

/** Each line tells its transaction, so that it can be read alone. */
function jsonLines(): (item: ShownItem) => string {
  let place: object = {}
  return (item) => {
    if (item.kind === 'transaction') {
      const { transaction } = item
      const { timeline, file, start, gtid } = transaction
      place = { timeline, file, start, ...(gtid === undefined ? {} : { gtid }) }
      return `${toJson({ type: 'transaction', ...transaction })}\n`
    }
    return `${toJson({ ...place, ...changeJson(item) })}\n`
  }
}

function changeJson(item: Exclude<ShownItem, { kind: 'transaction' }>): object {
  if (item.kind === 'statement') {
    return { type: 'statement', schema: item.schema, statement: item.statement }
  }
  if (item.kind === 'origin') return { type: 'origin', statement: item.statement }
  if (item.kind === 'unread') {
    return { type: 'unread', kind: item.change, ...tableJson(item.table), rows: item.rows }
  }
  const { kind, table, row } = item
  return {
    type: 'change',
    kind,
    ...tableJson(table),
    ...(row.before === undefined ? {} : { before: imageJson(table, row.before) }),
    ...(row.after === undefined ? {} : { after: imageJson(table, row.after) }),
  }
}

function tableJson({ schema, table, names, backup }: ShownTable): object {
  return { schema, table, names, backup }
}

/** By column. What is not there is not in the log. */
function imageJson({ columns }: ShownTable, image: RowImage): Record<string, LoggedValue> {
  const values = columns.flatMap(({ name }, i) => {
    const value = image[i]
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(values)
}

function textLines(item: ShownItem): string {
  if (item.kind === 'transaction') return `${visibleLine(transactionLine(item.transaction))}\n`
  if (item.kind === 'origin') return indented(visibleText(`by: ${item.statement}`))
  if (item.kind === 'statement') {
    const { schema, statement } = item
    return indented(visibleText(schema === '' ? statement : `in ${schema}: ${statement}`))
  }
  const table = visibleLine(tableName(item.table))
  if (item.kind === 'unread') {
    const rows = rowsText(item.rows)
    return indented(`${item.change} ${rows} of ${table}: it has columns of a type that cannot be read here`)
  }
  return indented(`${item.kind} ${table}\n${indented(rowTable(item)).trimEnd()}`)
}

function transactionLine({ timeMicros, gtid, file, start, kind, hasStatements }: ShownTransaction): string {
  const facts = [
    ...(kind === 'dml' || kind === 'ddl' ? [] : [kind]),
    ...(hasStatements ? ['logged as statements'] : []),
  ]
  return [formatMicros(timeMicros), gtid ?? '(no GTID)', `${file}:${start}`, ...facts].join('  ')
}

function rowsText(rows: number | undefined): string {
  if (rows === undefined) return 'rows'
  return rows === 1 ? '1 row' : `${groupDigits(rows)} rows`
}

function tableName({ schema, table, names, backup }: ShownTable): string {
  const source = {
    log: '',
    backup: ` (columns as in backup ${backup ?? ''})`,
    unknown: ' (names of columns unknown)',
  }
  return `${schema}.${table}${source[names]}`
}

/** A line for each column that is in the log; `*` marks those that an update changed. */
function rowTable({ table, row: { before, after } }: Extract<ShownItem, { row: object }>): string {
  const isUpdate = before !== undefined && after !== undefined
  const lines = table.columns.flatMap(({ name }, i) => {
    const [was, is] = [before?.[i], after?.[i]]
    if (was === undefined && is === undefined) return []
    if (!isUpdate) return [[name, cell(was ?? is)]]
    const isChanged = was !== undefined && is !== undefined && toJson(was) !== toJson(is)
    return [[isChanged ? `* ${name}` : `  ${name}`, cell(was), cell(is)]]
  })
  const titles = isUpdate ? ['  COLUMN', 'BEFORE', 'AFTER'] : ['COLUMN', 'VALUE']
  return formatTable(
    titles.map((title) => ({ title })),
    lines,
  )
}

function cell(value: LoggedValue | undefined): string {
  return value === undefined ? '(not logged)' : valueText(value)
}

function indented(text: string): string {
  return `${text.replaceAll(/^/gm, '  ')}\n`
}

// `holdfast binlog find`: transactions with their time, GTID, place, tables and row counts.
import { type FoundTransaction, findBinlogTransactions } from '../../operations/find-binlog-transactions.ts'
import { repositoryAccess, requiredSource } from '../access.ts'
import { groupDigits } from '../output/progress-text.ts'
import { shellWord } from '../output/shell-word.ts'
import { formatTable } from '../output/table.ts'
import { formatMicros } from '../output/time.ts'
import type { VerbRun } from '../verb.ts'
import { binlogFilter } from './binlog-filter.ts'

const defaultLimit = 100
// A statement is shown to be recognized, not to be read.
const statementColumns = 60

export const run: VerbRun = async (context) => {
  const { options, say, signal } = context
  const source = requiredSource(context)
  const limit = options.integer('limit') ?? defaultLimit
  const report = await findBinlogTransactions(
    {
      access: repositoryAccess(context),
      source,
      ...binlogFilter(options),
      minRows: options.integer('min-rows'),
      limit,
    },
    signal,
  )
  if (report.isCut) say(`There are more than ${limit}; narrow the search or raise --limit.`)
  return { text: describe(source, report.transactions), json: { source, ...report } }
}

function describe(source: string, transactions: readonly FoundTransaction[]): string {
  const [only] = transactions
  if (only === undefined) return `No transaction in the archive of ${source} is like that.`
  const table = formatTable(
    [{ title: 'COMMITTED' }, { title: 'GTID' }, { title: 'PLACE' }, { title: 'WHAT' }],
    transactions.map((found) => [
      formatMicros(found.timeMicros),
      found.gtid ?? '(none)',
      `${found.file}:${found.start}`,
      changes(found),
    ]),
  )
  if (transactions.length > 1) return table
  const point = only.gtid === undefined ? `pos:${only.file}:${only.start}` : `before-gtid:${only.gtid}`
  return `${table}\nNext, to just before it: holdfast restore ${source} --to ${shellWord(point)} --target mysql://user@host/ --dry-run`
}

function changes({ kind, tables, statement, hasStatements }: FoundTransaction): string {
  const parts = tables.map(({ schema, table, inserts, updates, deletes, isUncounted }) => {
    const counts = [
      ...(inserts > 0 ? [`${groupDigits(inserts)} inserted`] : []),
      ...(updates > 0 ? [`${groupDigits(updates)} updated`] : []),
      ...(deletes > 0 ? [`${groupDigits(deletes)} deleted`] : []),
      ...(isUncounted ? ['some not counted'] : []),
    ]
    return `${schema}${table === '' ? '' : `.${table}`}: ${counts.join(', ')}`
  })
  const text = statement === undefined ? [] : [oneLine(statement)]
  const other = kind === 'dml' || kind === 'ddl' ? [] : [kind]
  const logged = hasStatements ? ['logged as statements'] : []
  return [...other, ...text, ...parts, ...logged].join('; ')
}

function oneLine(statement: string): string {
  const text = statement.replace(/\s+/g, ' ').trim()
  return text.length <= statementColumns ? text : `${text.slice(0, statementColumns - 1)}…`
}

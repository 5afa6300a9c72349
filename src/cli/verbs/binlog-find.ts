// `holdfast binlog find`: transactions with their time, GTID, place, tables and row counts.
import { HoldfastError } from '../../core/errors.ts'
import { gtidFlavour } from '../../core/restore-point.ts'
import { parseWallClock } from '../../core/wall-clock.ts'
import {
  type ChangeKind,
  type FoundTransaction,
  findBinlogTransactions,
} from '../../operations/find-binlog-transactions.ts'
import { repositoryAccess, requiredSource } from '../access.ts'
import { groupDigits } from '../output/progress-text.ts'
import { shellWord } from '../output/shell-word.ts'
import { formatTable } from '../output/table.ts'
import { formatMicros } from '../output/time.ts'
import type { VerbRun } from '../verb.ts'

const defaultLimit = 100
// A statement is shown to be recognized, not to be read.
const statementColumns = 60

const changeKinds: readonly ChangeKind[] = ['insert', 'update', 'delete', 'ddl']

export const run: VerbRun = async (context) => {
  const { options, say, signal } = context
  const source = requiredSource(context)
  const limit = options.integer('limit') ?? defaultLimit
  const report = await findBinlogTransactions(
    {
      access: repositoryAccess(context),
      source,
      table: options.text('table'),
      kind: changeKinds.find((kind) => kind === options.text('kind')),
      sinceMicros: readTime('since', options.text('since')),
      untilMicros: readTime('until', options.text('until')),
      gtid: readGtid(options.text('gtid')),
      minRows: options.integer('min-rows'),
      timeline: options.text('timeline'),
      limit,
    },
    signal,
  )
  if (report.isCut) say(`There are more than ${limit}; narrow the search or raise --limit.`)
  return { text: describe(source, report.transactions), json: { source, ...report } }
}

/** Throws USAGE for what cannot be a GTID: it would be found nowhere, as if nothing had happened. */
function readGtid(text: string | undefined): string | undefined {
  if (text === undefined || gtidFlavour(text) !== undefined) return text
  throw new HoldfastError(
    'USAGE',
    `--gtid takes one GTID, not '${text}'`,
    { option: 'gtid' },
    { hint: 'A GTID is uuid:number (or uuid:tag:number) on MySQL, and domain-server-sequence on MariaDB.' },
  )
}

const unitMicros: Readonly<Record<string, number>> = { s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6 }

/** A moment, or how long ago: `90s`, `5m`, `2h`, `3d`. Throws USAGE for what is neither, or could be two moments. */
function readTime(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? []
  if (count !== undefined && unit !== undefined)
    return Date.now() * 1000 - Number(count) * (unitMicros[unit] ?? 0)
  const time = parseWallClock(text)
  if (time.kind === 'time') return time.timeMicros
  throw new HoldfastError(
    'USAGE',
    `--${option} ${text}: ${time.problem}`,
    { option },
    { hint: 'Give a time with its zone, such as 2026-03-29T14:05:09Z, or how long ago: 90s, 5m, 2h, 3d.' },
  )
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

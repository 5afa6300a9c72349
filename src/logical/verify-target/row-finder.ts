// Of tables whose row hashes differ: the rows.
import { counted } from '../../core/counted.ts'
import { openReadSession } from '../../instance/read-session.ts'
import type { Connection } from '../../wire/connection.ts'
import type { ComparedPart, TableCompared } from './compare-rows.ts'
import { differingRows } from './differing-rows.ts'
import { keyColumns } from './key-columns.ts'
import { type RowsInWords, rowsInWords } from './row-words.ts'
import type { RowsDifference } from './target-difference.ts'
import type { VerifyTargetOptions } from './verify-target.ts'

// Each is read twice more, on both sides. Whoever has more than this wrong does not read about single rows.
const examinedTables = 20
const examinedParts = 8
const shownRanges = 3

export interface FoundRows {
  readonly differences: readonly RowsDifference[]
  readonly notes: readonly string[]
}

/** `control`: a session for reading, whose results come as utf8mb4. */
export async function findRows(
  options: VerifyTargetOptions,
  control: Connection,
  tables: readonly TableCompared[],
): Promise<FoundRows> {
  const { settings, signal, emit = () => undefined } = options
  const differing = tables.filter((table) => table.differing.length > 0)
  if (differing.length === 0) return { differences: [], notes: [] }
  emit({ type: 'phase', phase: 'looking for the rows that differ' })
  await using session = await openReadSession(settings, signal)
  await session.run('SET SESSION character_set_results = NULL', { signal })
  const differences: RowsDifference[] = []
  const notes: string[] = []
  for (const compared of differing) {
    const { table } = compared
    const name = `${table.schema}.${table.content.name}`
    // What cannot be compared by its hash has to be looked at in any case.
    const isExamined = differences.length < examinedTables || table.rules !== undefined
    if (!isExamined) {
      differences.push(difference(compared, undefined))
      continue
    }
    const parts = table.rules === undefined ? compared.differing.slice(0, examinedParts) : compared.differing
    const key = keyPlaces(compared, await keyColumns(control, table.schema, table.content.name))
    const found = await differingRows({ ...options, session, parts, ...rulesOf(compared), key, signal })
    if (table.leftOut.length > 0) notes.push(leftOutOf(compared, name))
    if (table.content.where !== undefined) {
      notes.push(`${name}: the backup has only the rows for which ${table.content.where}`)
    }
    if (found.rows.length === 0 && table.rules !== undefined) {
      // Nothing differs but what may.
      if (table.rules.includes('json')) notes.push(jsonLossOf(name))
      if (table.rules.includes('json-value'))
        notes.push(`${name}: its JSON was compared by what it says, not by its text`)
    } else {
      const words = rowsInWords(found, table.content, key, table.rules)
      const isAll = words.isAll && parts.length === compared.differing.length
      differences.push(difference(compared, { ...words, isAll }))
    }
  }
  return { differences, notes }
}

/** None where a column of the key is not in the backup, or not comparable. */
function keyPlaces({ table }: TableCompared, key: readonly string[]): readonly number[] {
  const places = key.map((name) => table.content.columns.findIndex((column) => column.name === name))
  return places.some((at) => at < 0 || table.rules?.[at] === 'none') ? [] : places
}

function rulesOf({ table: { rules } }: TableCompared) {
  return rules === undefined ? {} : { rules }
}

function leftOutOf({ table }: TableCompared, name: string): string {
  return `${name}: ${table.leftOut.join(', ')} not comparable, the target has it in a type that writes values in another way`
}

/** In the words of the load. */
function jsonLossOf(name: string): string {
  return `${name} holds JSON values of SQL types that text cannot carry (DECIMAL as 1.10): they were restored as plain JSON`
}

function difference(compared: TableCompared, words: RowsInWords | undefined): RowsDifference {
  const { table, found, wanted, differing } = compared
  const object = `table ${table.schema}.${table.content.name}`
  const ranges = rangesOf(differing)
  const counts =
    found.rows === wanted.rows
      ? `${counted(found.rows, 'row')}, as in the backup`
      : `${counted(found.rows, 'row')}, and ${counted(wanted.rows, 'row')} in the backup`
  const shown = ranges.slice(0, shownRanges).join('; ')
  const more = ranges.length > shownRanges ? ` and ${ranges.length - shownRanges} more ranges` : ''
  const where = ranges.length === 0 ? '' : `, in range ${shown}${more}`
  return {
    kind: 'rows',
    object,
    rowsOnTarget: found.rows,
    rowsInBackup: wanted.rows,
    ranges,
    rows: [],
    ...words,
    text: `${object} differs${where}: ${whatOf(words)} (${counts})`,
  }
}

function rangesOf(parts: readonly ComparedPart[]): readonly string[] {
  return parts.flatMap(({ text }) => (text === '' ? [] : [text]))
}

function whatOf(words: RowsInWords | undefined): string {
  if (words === undefined) return 'its rows were not looked at one by one'
  const { changed, missing, added, isAll } = words
  if (changed + missing + added === 0)
    return 'its row hash, but row by row nothing: it was written to meanwhile, or the manifest is wrong'
  const counts = [
    ...(changed > 0 ? [`${changed} changed`] : []),
    ...(missing > 0 ? [`${missing} missing`] : []),
    ...(added > 0 ? [`${added} added`] : []),
  ]
  return `${isAll ? '' : 'at least '}${counts.join(', ')}`
}

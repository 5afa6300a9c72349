// Rows that differ, in words: those of both sides that have the same key are one row that was changed.
import type { TableContent } from '../content.ts'
import { type CellRule, comparedCell } from './cell-rules.ts'
import { cellWords } from './cell-words.ts'
import type { DifferingRows, OneSidedRow } from './differing-rows.ts'
import { cellTexts, keyText } from './row-text.ts'
import type { ChangedCell, DifferingRow } from './target-difference.ts'

export interface RowsInWords {
  readonly changed: number
  readonly missing: number
  readonly added: number
  readonly isAll: boolean
  readonly rows: readonly DifferingRow[]
}

const shownRows = 10
const shownCells = 5

interface Pair {
  readonly backup: OneSidedRow[]
  readonly target: OneSidedRow[]
}

/** `key`: where in a row the columns are that tell rows apart; empty where nothing does. */
export function rowsInWords(
  found: DifferingRows,
  content: TableContent,
  key: readonly number[],
  rules: readonly CellRule[] | undefined,
): RowsInWords {
  const table = new TableInWords(content, key, rules)
  const pairs = new Map<string, Pair>()
  for (const row of found.rows) {
    const at = table.keyOf(row.row)
    const pair = pairs.get(at) ?? { backup: [], target: [] }
    pair[row.side].push(row)
    pairs.set(at, pair)
  }
  const rows = [...pairs.values()].flatMap((pair) => table.describe(pair))
  const count = (kind: DifferingRow['kind']): number =>
    rows.reduce((sum, row) => sum + (row.kind === kind ? row.copies : 0), 0)
  return {
    changed: count('changed'),
    missing: count('missing'),
    added: count('added'),
    isAll: found.isAll,
    rows: rows.slice(0, shownRows),
  }
}

class TableInWords {
  readonly #columns: readonly string[]
  readonly #key: readonly number[]
  readonly #rules: readonly CellRule[] | undefined

  constructor(content: TableContent, key: readonly number[], rules: readonly CellRule[] | undefined) {
    this.#columns = content.columns.map(({ name }) => name)
    this.#key = key
    this.#rules = rules
  }

  keyOf(row: Buffer): string {
    return (this.#key.length === 0 ? row : keyText(row, this.#key)).toString('latin1')
  }

  describe({ backup, target }: Pair): readonly DifferingRow[] {
    const [one] = backup
    const [other] = target
    // History has several rows of one key, and then nobody can tell which became which.
    const isPair = backup.length === 1 && target.length === 1 && this.#key.length > 0
    if (isPair && one !== undefined && other !== undefined) return [this.#changed(one, other)]
    return [...backup.map((row) => this.#oneSided(row)), ...target.map((row) => this.#oneSided(row))]
  }

  #changed(backup: OneSidedRow, target: OneSidedRow): DifferingRow {
    const row = this.#nameOf(backup.row)
    const cells = this.#changedCells(cellTexts(backup.row), cellTexts(target.row))
    const words = cells.slice(0, shownCells).map(wordsOf)
    const more = cells.length > shownCells ? ` and ${cells.length - shownCells} more columns` : ''
    const text = `row ${row}${placeOf(backup)}: ${words.join(', ')}${more}`
    return { kind: 'changed', row, ...chunkOf(backup), cells, copies: 1, text }
  }

  #changedCells(backup: readonly Buffer[], target: readonly Buffer[]): readonly ChangedCell[] {
    return this.#columns.flatMap((column, at) => {
      const rule = this.#rules?.[at] ?? 'same'
      const [one, other] = [backup[at], target[at]]
      if (one === undefined || other === undefined) return []
      if (comparedCell(one, rule).equals(comparedCell(other, rule))) return []
      const differsAt = firstDifference(one, other)
      return [{ column, backup: cellWords(one), target: cellWords(other), differsAt }]
    })
  }

  #oneSided(found: OneSidedRow): DifferingRow {
    const row = this.#nameOf(found.row)
    const { side, copies } = found
    const what = copies > 1 ? `${copies} copies of row ${row}` : `row ${row}`
    const kind = side === 'backup' ? 'missing' : 'added'
    const text =
      side === 'backup'
        ? `${what}${placeOf(found)} ${copies > 1 ? 'are' : 'is'} missing on the target`
        : `${what} ${copies > 1 ? 'are' : 'is'} not in the backup`
    return { kind, row, ...chunkOf(found), copies, text }
  }

  #nameOf(row: Buffer): string {
    const cells = cellTexts(row)
    const at = this.#key.length > 0 ? this.#key : this.#columns.keys().toArray().slice(0, shownCells)
    const words = at.map((column) => `${this.#columns[column] ?? ''}=${cellWords(cells[column] ?? row)}`)
    return this.#key.length === 0 && this.#columns.length > shownCells
      ? `${words.join(', ')}, …`
      : words.join(', ')
  }
}

function firstDifference(one: Buffer, other: Buffer): number {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  return at
}

function wordsOf({ column, backup, target, differsAt }: ChangedCell): string {
  if (backup !== target) return `${column} is ${target} and was ${backup}`
  return `${column} begins with ${target} and differs behind, from about byte ${differsAt.toLocaleString('en-US')} on`
}

function placeOf({ chunk }: OneSidedRow): string {
  return chunk === undefined ? '' : ` (chunk ${chunk.number})`
}

function chunkOf({ chunk }: OneSidedRow): Pick<DifferingRow, 'chunk' | 'chunkId'> {
  return chunk === undefined ? {} : { chunk: chunk.number, chunkId: chunk.id }
}

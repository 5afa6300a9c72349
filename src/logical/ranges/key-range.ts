// A half-open range of a key, as SQL and as words.
import assert from 'node:assert/strict'
import { quoteName } from '../../instance/sql-text.ts'
import type { KeyValue } from './key-column.ts'
import type { RangeKey } from './range-key.ts'

/** Values of the first columns of a key; one that is shorter than the key stands before all rows that begin with it. */
export type KeyTuple = readonly KeyValue[]

/** Plain data: may be sent to another thread. */
export interface KeyRange {
  /** The first row it may hold; undefined: from the beginning. */
  readonly from: KeyTuple | undefined
  /** The first row after it; undefined: to the end. */
  readonly below: KeyTuple | undefined
  /** The rows whose key is NULL; they are in no other range. */
  readonly isNull?: boolean
  /** By the server's estimate. */
  readonly estimatedRows: number
}

/** The rows that a range may hold, without its size. */
export type RangeBounds = Omit<KeyRange, 'estimatedRows'>

/** The ranges that are the table before it is cut, the leftmost last. */
export function wholeTable(key: RangeKey): RangeBounds[] {
  const all = { from: undefined, below: undefined }
  return key.isNullable ? [all, { ...all, isNull: true }] : [all]
}

/** The condition of a range for WHERE, '' when it is the whole table. */
export function rangeCondition(key: RangeKey, range: RangeBounds): string {
  const names = key.columns.map((column) => quoteName(column.name))
  if (range.isNull) return `${names[0]} IS NULL`
  const parts = [
    ...(range.from === undefined ? [] : [tupleCondition(names, range.from, '>')]),
    ...(range.below === undefined ? [] : [tupleCondition(names, range.below, '<')]),
  ]
  // Any comparison leaves out NULL; without one it must be said.
  if (parts.length === 0 && key.isNullable) return `${names[0]} IS NOT NULL`
  return parts.join(' AND ')
}

/**
 * `(a, b) >= (x, y)` for '>', `(a, b) < (x, y)` for '<', spelled out: servers read a whole index for a comparison of rows. The bound on the
 * first column stands alone, which is what they look for.
 */
function tupleCondition(names: readonly string[], tuple: KeyTuple, side: '>' | '<', at = 0): string {
  const name = names[at]
  const value = tuple[at]
  assert(name !== undefined && value !== undefined, 'a tuple has no more values than the key has columns')
  if (at === tuple.length - 1) return `${name} ${side === '>' ? '>=' : '<'} ${value.sql}`
  const rest = tupleCondition(names, tuple, side, at + 1)
  return `${name} ${side}= ${value.sql} AND (${name} ${side} ${value.sql} OR (${name} = ${value.sql} AND ${rest}))`
}

/** Puts the range into a statement that reads the whole table: the `select` of a TableDefinition, which may end in an index hint. */
export function rangeSelect(select: string, key: RangeKey, range: RangeBounds): string {
  const condition = rangeCondition(key, range)
  if (condition === '') return select
  const hint = ` FORCE INDEX (${key.index === 'PRIMARY' ? 'PRIMARY' : quoteName(key.index)})`
  return `${select}${select.endsWith(hint) ? '' : hint} WHERE ${condition}`
}

/** For people: `id from 1001 to below 2001`. */
export function rangeText(key: RangeKey, range: RangeBounds): string {
  const [first = ''] = key.columns.map((column) => column.name)
  if (range.isNull) return `${first} is NULL`
  const { from, below } = range
  if (from === undefined && below === undefined) return 'all rows'
  const width = Math.max(from?.length ?? 0, below?.length ?? 0)
  const names = key.columns.slice(0, width).map((column) => column.name)
  const name = names.length === 1 ? first : `(${names.join(', ')})`
  const start = from === undefined ? '' : ` from ${tupleText(key, from)}`
  const end = below === undefined ? '' : `${from === undefined ? '' : ' to'} below ${tupleText(key, below)}`
  return `${name}${start}${end}`
}

const shownCharacters = 40

function tupleText(key: RangeKey, tuple: KeyTuple): string {
  const texts = tuple.map(({ text }, at) => {
    const characters = Array.from(text)
    const shown =
      characters.length > shownCharacters ? `${characters.slice(0, shownCharacters).join('')}…` : text
    const kind = key.columns[at]?.kind
    if (kind === 'text') return JSON.stringify(shown)
    return kind === 'binary' ? `0x${shown}` : shown
  })
  return texts.length === 1 ? (texts[0] ?? '') : `(${texts.join(', ')})`
}

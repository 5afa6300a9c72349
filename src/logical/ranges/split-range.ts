// Cuts a range in two near the middle of its rows, by a few index seeks: never by walking over them.
import { tupleBetween } from './interpolate.ts'
import type { KeyRange, KeyTuple, RangeBounds } from './key-range.ts'
import type { RangeKey } from './range-key.ts'
import type { SeekSession } from './seek-session.ts'
import { estimateRows, seekEnds } from './seeks.ts'
import type { Fraction } from './text-line.ts'

/** A guess, made better by what the server says about it, at most so many times. Two statements each. */
const maxGuesses = 24
/** A cut is taken when its smaller side has this share of the rows; less with every three guesses. */
const wantedShares = [1 / 3, 1 / 4, 1 / 6, 1 / 10, 1 / 16]
/** So many guesses that all rows are on one side of, then another way to guess is tried. */
const missesPerWay = 2
/** Below this a cut is not worth a statement of its own. */
const leastShare = 1 / 64

/**
 * Splits a range in two that both have rows, near its middle.
 * @returns undefined when it cannot be split: one row, or all alike in the columns of the key, or nowhere to be cut at
 */
export async function splitRange(
  session: SeekSession,
  key: RangeKey,
  range: KeyRange,
  signal?: AbortSignal,
): Promise<readonly [KeyRange, KeyRange] | undefined> {
  if (range.isNull) return undefined
  const ends = await seekEnds(session, key, range, range, signal)
  if (ends === 'refused' || ends.first === undefined || ends.last === undefined) return undefined
  // Two rows, always: the cut is sought above the one and not above the other.
  let [low, high] = [ends.first, ends.last]
  let best: Cut | undefined
  let streak = 0
  let misses = 0
  for (let guess = 0; guess < maxGuesses; guess++) {
    const way = Math.floor(misses / missesPerWay)
    const middle = tupleBetween(key.columns, low, high, fractionFor(streak), way)
    if (middle === undefined) break
    const found = await cutAt(session, key, range, middle, signal)
    if (found.kind === 'one-sided') {
      misses++
      streak = nextStreak(streak, found.isAbove)
      continue
    }
    if (best === undefined || shareOf(found) > shareOf(best)) best = found
    if (shareOf(found) >= (wantedShares[Math.floor(guess / 3)] ?? leastShare)) break
    const [left, right] = found.rows
    // The next guess is between rows that are there, so that a hole costs one guess however wide it is.
    if (left > right) high = found.before
    else low = found.after
    streak = nextStreak(streak, left > right)
  }
  if (best === undefined || shareOf(best) < leastShare) return undefined
  return await halvesOf(session, key, range, best, signal)
}

/** Both sides of a guess have rows. */
interface Cut {
  readonly kind: 'two-sided'
  readonly middle: KeyTuple
  /** The last row before the guess and the first one after it. */
  readonly before: KeyTuple
  readonly after: KeyTuple
  /** Rows on the left and on the right. */
  readonly rows: readonly [number, number]
}

/** All rows are on one side of the guess, or the server does not take it. */
interface Miss {
  readonly kind: 'one-sided'
  readonly isAbove: boolean
}

async function cutAt(
  session: SeekSession,
  key: RangeKey,
  range: KeyRange,
  middle: KeyTuple,
  signal: AbortSignal | undefined,
): Promise<Cut | Miss> {
  const sides = sidesOf(range, middle)
  const [left, right] = sides
  // First the estimate, which tells whether the index is used: if not, a seek would read all rows.
  const sizes = await estimateRows(session, key, sides, signal)
  if (sizes === 'refused') return { kind: 'one-sided', isAbove: true }
  const [leftRows, rightRows] = sizes
  if (leftRows === undefined || rightRows === undefined) {
    return { kind: 'one-sided', isAbove: rightRows === undefined }
  }
  const beside = await seekEnds(session, key, right, left, signal)
  if (beside === 'refused') return { kind: 'one-sided', isAbove: true }
  const { first: after, last: before } = beside
  if (after === undefined || before === undefined) return { kind: 'one-sided', isAbove: after === undefined }
  return { kind: 'two-sided', middle, before, after, rows: [leftRows, rightRows] }
}

/**
 * The ranges on both sides of a cut. They meet at the key of a row, if the server takes that (a DATE that a table holds may be none), else at
 * our guess just before it.
 */
async function halvesOf(
  session: SeekSession,
  key: RangeKey,
  range: KeyRange,
  cut: Cut,
  signal: AbortSignal | undefined,
): Promise<readonly [KeyRange, KeyRange]> {
  const sizes = await estimateRows(session, key, sidesOf(range, cut.after), signal)
  // A bound that the server takes for NULL leaves nothing on either side.
  const isTaken = sizes !== 'refused' && !sizes.includes(undefined)
  const [left, right] = sidesOf(range, isTaken ? cut.after : cut.middle)
  return [
    { ...left, estimatedRows: cut.rows[0] },
    { ...right, estimatedRows: cut.rows[1] },
  ]
}

function sidesOf(range: KeyRange, boundary: KeyTuple): readonly [RangeBounds, RangeBounds] {
  return [
    { from: range.from, below: boundary },
    { from: boundary, below: range.below },
  ]
}

function shareOf({ rows: [left, right] }: Cut): number {
  return Math.min(left, right) / (left + right)
}

/** How many guesses in a row were too high (positive) or too low (negative). */
function nextStreak(streak: number, isTooHigh: boolean): number {
  if (isTooHigh) return streak > 0 ? streak + 1 : 1
  return streak < 0 ? streak - 1 : -1
}

/**
 * Half way; after two guesses that were too high 1/16 of the way, then 1/256, 1/65536 and so on, so that rows which lie 2^60 away from all
 * others are passed in a few steps. The same from the other end after guesses that were too low.
 */
function fractionFor(streak: number): Fraction {
  const strides = Math.abs(streak) - 1
  const of = strides <= 0 ? 2n : 1n << (1n << BigInt(Math.min(strides + 1, 7)))
  return { part: streak < 0 ? of - 1n : 1n, of }
}

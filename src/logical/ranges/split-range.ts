// Cuts a range in two near the middle of its rows, by a few index seeks: never by walking over them.
import { tupleBetween } from './interpolate.ts'
import type { KeyRange, KeyTuple } from './key-range.ts'
import type { RangeKey } from './range-key.ts'
import type { SeekSession } from './seek-session.ts'
import { estimateRows, seekEnds } from './seeks.ts'
import type { Fraction } from './text-line.ts'

/** A guess, made better by what the server says about it, at most so many times. Two statements each. */
const maxGuesses = 24
/** A cut is taken when its smaller side has this share of the rows; less with every three guesses. */
const wantedShares = [1 / 3, 1 / 4, 1 / 6, 1 / 10, 1 / 16]
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
  let best: readonly [KeyRange, KeyRange] | undefined
  let streak = 0
  for (let guess = 0; guess < maxGuesses; guess++) {
    const middle = tupleBetween(key.columns, low, high, fractionFor(streak))
    if (middle === undefined) break
    const cut = await cutAt(session, key, range, middle, signal)
    if (cut.kind === 'one-sided') {
      streak = nextStreak(streak, cut.isAbove)
      continue
    }
    const share = shareOf(cut.halves)
    if (best === undefined || share > shareOf(best)) best = cut.halves
    if (share >= (wantedShares[Math.floor(guess / 3)] ?? leastShare)) break
    const isLeftLarger = cut.halves[0].estimatedRows > cut.halves[1].estimatedRows
    // The next guess is between rows that are there, so that a hole costs one guess however wide it is.
    if (isLeftLarger) high = cut.before
    else low = cut.after
    streak = nextStreak(streak, isLeftLarger)
  }
  return best !== undefined && shareOf(best) >= leastShare ? best : undefined
}

type Cut =
  | {
      readonly kind: 'two-sided'
      readonly halves: readonly [KeyRange, KeyRange]
      /** The last row of the left half and the first one of the right half. */
      readonly before: KeyTuple
      readonly after: KeyTuple
    }
  /** All rows are on one side of the guess, or the server does not take it. */
  | { readonly kind: 'one-sided'; readonly isAbove: boolean }

async function cutAt(
  session: SeekSession,
  key: RangeKey,
  range: KeyRange,
  middle: KeyTuple,
  signal: AbortSignal | undefined,
): Promise<Cut> {
  const at = (boundary: KeyTuple) =>
    [
      { from: range.from, below: boundary },
      { from: boundary, below: range.below },
    ] as const
  const [left, right] = at(middle)
  const beside = await seekEnds(session, key, right, left, signal)
  if (beside === 'refused') return { kind: 'one-sided', isAbove: true }
  const { first: after, last: before } = beside
  if (after === undefined || before === undefined) return { kind: 'one-sided', isAbove: after === undefined }
  // A row's own key, if the server takes that (a DATE may be none), else our guess: both cut at the same place.
  for (const boundary of [after, middle]) {
    const bounds = at(boundary)
    const sizes = await estimateRows(session, key, bounds, signal)
    // 0 would mean that the server does not take the boundary for what it is: both sides have rows.
    if (sizes === 'refused' || sizes.includes(0)) continue
    const [leftRows = 0, rightRows = 0] = sizes
    return {
      kind: 'two-sided',
      halves: [
        { ...bounds[0], estimatedRows: leftRows },
        { ...bounds[1], estimatedRows: rightRows },
      ],
      before,
      after,
    }
  }
  return { kind: 'one-sided', isAbove: true }
}

function shareOf([left, right]: readonly [KeyRange, KeyRange]): number {
  return Math.min(left.estimatedRows, right.estimatedRows) / (left.estimatedRows + right.estimatedRows)
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

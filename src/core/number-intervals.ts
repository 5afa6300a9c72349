// Sorted, disjoint, non-adjacent ranges of transaction numbers: the arithmetic under a GTID set.

/** Both ends are included. `first <= last`, and first is at least 1. */
export interface Interval {
  readonly first: bigint
  readonly last: bigint
}

export type Intervals = readonly Interval[]

/** Sorts and joins ranges that overlap or touch. */
export function normalizeIntervals(intervals: Intervals): Intervals {
  const sorted = intervals.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  const result: Interval[] = []
  for (const interval of sorted) {
    const previous = result.at(-1)
    if (previous === undefined || interval.first > previous.last + 1n) {
      result.push(interval)
    } else if (interval.last > previous.last) {
      result[result.length - 1] = { first: previous.first, last: interval.last }
    }
  }
  return result
}

/** Numbers of `from` that are not in `without`; both must be normalized. */
export function subtractIntervals(from: Intervals, without: Intervals): Intervals {
  const result: Interval[] = []
  let next = 0
  for (const interval of from) {
    let first = interval.first
    while (next < without.length && without[next]!.last < first) next++
    // `next` may still cover the start of the following interval of `from`, so it is only peeked from here on.
    for (let i = next; i < without.length && first <= interval.last; i++) {
      const hole = without[i]!
      if (hole.first > interval.last) break
      if (hole.first > first) result.push({ first, last: hole.first - 1n })
      if (hole.last >= first) first = hole.last + 1n
    }
    if (first <= interval.last) result.push({ first, last: interval.last })
  }
  return result
}

/** True when `number` lies in one of the ranges; they must be normalized. Takes O(log n). */
export function intervalsContain(intervals: Intervals, number: bigint): boolean {
  let low = 0
  let high = intervals.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (intervals[middle]!.last < number) low = middle + 1
    else high = middle
  }
  const found = intervals[low]
  return found !== undefined && found.first <= number
}

/** Adds one number. Appending at the end, as a server does all day, takes O(n) to copy but no sorting. */
export function addToIntervals(intervals: Intervals, number: bigint): Intervals {
  const last = intervals.at(-1)
  if (last !== undefined && number === last.last + 1n) {
    return intervals.with(intervals.length - 1, { first: last.first, last: number })
  }
  if (intervalsContain(intervals, number)) return intervals
  return normalizeIntervals([...intervals, { first: number, last: number }])
}

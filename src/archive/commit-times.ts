// When transactions were committed, told from clocks that clients may have turned: docs/adr/0003-commit-times.md.

/** What the log and we know of a transaction's time. */
export interface ObservedTime {
  /** MySQL's immediate_commit_timestamp: no client can set it. Undefined on MariaDB and before MySQL 8.0. */
  readonly commitMicros: number | undefined
  /** The opening event's header: commit second, or what a client says that it was. */
  readonly headerSeconds: number
  /** When it arrived here, by the source's clock; it was committed before. */
  readonly arrivalMillis: number
  /** When the source had said for the last time before it that it had nothing more: it was committed later. 0 when it never did. */
  readonly notBeforeMicros: number
}

// Headers hold whole seconds and our measure of the source's clock is good to the time of a round trip: 2 s cover both.
const arrivalToleranceSeconds = 2

/**
 * Commit time of each transaction in microseconds since 1970, never falling. `floorMicros` is the time of the transaction
 * before the first; only when most headers contradict it, it is not believed. Takes O(n log n).
 */
export function commitTimes(observed: readonly ObservedTime[], floorMicros: number): number[] {
  const aboveFloor = soundHeaders(observed, Math.floor(floorMicros / 1_000_000))
  const all = soundHeaders(observed, 0)
  // One forged header at the end of the segment before, and the floor stands in the future. Most of these know better.
  const isFloorForged = all.length > 2 * aboveFloor.length && observed.length >= 2 * aboveFloor.length
  const sound = new Set(isFloorForged ? all : aboveFloor)
  const [first] = all
  let time = isFloorForged && first !== undefined ? headerMicros(observed[first]) : floorMicros
  return observed.map((transaction, i) => {
    const { commitMicros, notBeforeMicros } = transaction
    const told = sound.has(i) ? headerMicros(transaction) : time
    time = Math.max(time, commitMicros ?? Math.max(told, notBeforeMicros))
    return time
  })
}

function headerMicros(transaction: ObservedTime | undefined): number {
  return (transaction?.headerSeconds ?? 0) * 1_000_000
}

/**
 * Which headers to believe: the longest sequence of them that never falls, between the floor and each one's arrival. Forged
 * ones stand outside of it, be they too early or too late, as long as they are fewer than the honest ones around them.
 */
function soundHeaders(observed: readonly ObservedTime[], floorSeconds: number): number[] {
  const candidates: number[] = []
  for (const [i, { commitMicros, headerSeconds, arrivalMillis }] of observed.entries()) {
    if (commitMicros !== undefined || headerSeconds < floorSeconds) continue
    if (headerSeconds <= arrivalMillis / 1000 + arrivalToleranceSeconds) candidates.push(i)
  }
  return longestNonDecreasing(candidates, (i) => observed[i]?.headerSeconds ?? 0)
}

/** Patience sorting: of the longest non-decreasing subsequences the one that ends lowest. */
function longestNonDecreasing(indexes: readonly number[], valueOf: (index: number) => number): number[] {
  /** lowestEnd[k]: the index that ends a sequence of k + 1 with the lowest value. */
  const lowestEnd: number[] = []
  const previous = new Map<number, number>()
  for (const index of indexes) {
    const value = valueOf(index)
    let low = 0
    let high = lowestEnd.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (valueOf(lowestEnd[middle]!) <= value) low = middle + 1
      else high = middle
    }
    if (low > 0) previous.set(index, lowestEnd[low - 1]!)
    lowestEnd[low] = index
  }
  const result: number[] = []
  for (let at = lowestEnd.at(-1); at !== undefined; at = previous.get(at)) result.push(at)
  return result.toReversed()
}

// A set of MySQL's global transaction identifiers, tags included: what a server has executed.
import {
  addToIntervals,
  type Interval,
  type Intervals,
  intervalsContain,
  normalizeIntervals,
  subtractIntervals,
} from './number-intervals.ts'

/** One transaction of MySQL. `tag` is '' where there is none; `uuid` is lower case with dashes. */
export interface MysqlGtid {
  readonly uuid: string
  readonly tag: string
  readonly number: bigint
}

/** Transactions of one originator: a server's UUID and a tag ('' for none). */
export interface GtidSetPart {
  readonly uuid: string
  readonly tag: string
  readonly intervals: Intervals
}

// GNO_END of sql/rpl_gtid.h: numbers run from 1 to 2^63 - 2.
const maximumNumber = (1n << 63n) - 2n
const uuidPattern = /^\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/
// Tag rules of MySQL 8.3 and newer: a letter or underscore, then up to 31 more letters, digits or underscores.
const tagPattern = /^[a-z_][a-z0-9_]{0,31}$/
const intervalPattern = /^(\d{1,19})(?:-(\d{1,19}))?$/

/** Immutable. Every method takes and gives values; nothing here waits or fails but `parse`. */
export class GtidSet {
  static readonly empty: GtidSet = new GtidSet(new Map())

  /** Keyed by `uuid` or `uuid:tag`; no empty part is ever kept. */
  readonly #parts: ReadonlyMap<string, GtidSetPart>

  private constructor(parts: ReadonlyMap<string, GtidSetPart>) {
    this.#parts = parts
  }

  /**
   * Reads `uuid:1-5:7:tag:1-3, uuid2:9`: MySQL's text of a GTID set. White space and empty members are ignored, as the server
   * does. Throws a RangeError that names the part which is not one.
   */
  static parse(text: string): GtidSet {
    const parts: GtidSetPart[] = []
    for (const member of text.split(',')) {
      const trimmed = member.replaceAll(/\s+/g, '').toLowerCase()
      if (trimmed !== '') parts.push(...parseMember(trimmed))
    }
    return GtidSet.of(parts)
  }

  /** A set of these parts; parts of one originator are joined. */
  static of(parts: Iterable<GtidSetPart>): GtidSet {
    const intervalsByKey = new Map<string, { part: GtidSetPart; intervals: Interval[] }>()
    for (const part of parts) {
      const key = partKey(part.uuid, part.tag)
      const entry = intervalsByKey.get(key) ?? { part, intervals: [] }
      for (const interval of part.intervals) entry.intervals.push(interval)
      intervalsByKey.set(key, entry)
    }
    const result = new Map<string, GtidSetPart>()
    for (const [key, { part, intervals }] of intervalsByKey) {
      if (intervals.length === 0) continue
      result.set(key, { uuid: part.uuid, tag: part.tag, intervals: normalizeIntervals(intervals) })
    }
    return new GtidSet(result)
  }

  get isEmpty(): boolean {
    return this.#parts.size === 0
  }

  /** True when an originator has a tag, which only MySQL 8.3 and newer understand. */
  get hasTags(): boolean {
    return [...this.#parts.values()].some((part) => part.tag !== '')
  }

  /** Sorted by UUID, then tag (none first), as the server orders them. */
  parts(): readonly GtidSetPart[] {
    return [...this.#parts.values()].toSorted(
      (a, b) => compareText(a.uuid, b.uuid) || compareText(a.tag, b.tag),
    )
  }

  contains(gtid: MysqlGtid): boolean {
    const part = this.#parts.get(partKey(gtid.uuid, gtid.tag))
    return part !== undefined && intervalsContain(part.intervals, gtid.number)
  }

  /** True when every transaction of `other` is in this set. */
  containsAll(other: GtidSet): boolean {
    return other.subtract(this).isEmpty
  }

  add(gtid: MysqlGtid): GtidSet {
    const key = partKey(gtid.uuid, gtid.tag)
    const intervals = addToIntervals(this.#parts.get(key)?.intervals ?? [], gtid.number)
    return new GtidSet(new Map(this.#parts).set(key, { uuid: gtid.uuid, tag: gtid.tag, intervals }))
  }

  union(other: GtidSet): GtidSet {
    return GtidSet.of([...this.#parts.values(), ...other.#parts.values()])
  }

  subtract(other: GtidSet): GtidSet {
    const result = new Map<string, GtidSetPart>()
    for (const [key, part] of this.#parts) {
      const without = other.#parts.get(key)
      const intervals =
        without === undefined ? part.intervals : subtractIntervals(part.intervals, without.intervals)
      if (intervals.length > 0) result.set(key, { ...part, intervals })
    }
    return new GtidSet(result)
  }

  intersect(other: GtidSet): GtidSet {
    return this.subtract(this.subtract(other))
  }

  equals(other: GtidSet): boolean {
    return this.containsAll(other) && other.containsAll(this)
  }

  /** How many transactions are in the set. */
  get size(): bigint {
    let count = 0n
    for (const part of this.#parts.values()) {
      for (const { first, last } of part.intervals) count += last - first + 1n
    }
    return count
  }

  /** The server's own text: `uuid:1-5:7:tag:1-3,uuid2:9`, parts sorted; empty text for the empty set. */
  toString(): string {
    const members: string[] = []
    let uuid = ''
    for (const part of this.parts()) {
      const numbers = part.intervals.map(({ first, last }) =>
        first === last ? `${first}` : `${first}-${last}`,
      )
      const text = [...(part.tag === '' ? [] : [part.tag]), ...numbers].join(':')
      if (part.uuid === uuid) members.push(`${members.pop()}:${text}`)
      else members.push(`${part.uuid}:${text}`)
      uuid = part.uuid
    }
    return members.join(',')
  }

  toJSON(): string {
    return this.toString()
  }
}

/** Reads `uuid:7` or `uuid:tag:7`. Throws a RangeError when the text is anything but one GTID. */
export function parseMysqlGtid(text: string): MysqlGtid {
  const [part, ...others] = GtidSet.parse(text).parts()
  const interval = part?.intervals[0]
  if (
    part === undefined ||
    interval === undefined ||
    others.length > 0 ||
    part.intervals.length > 1 ||
    interval.first !== interval.last
  ) {
    throw new RangeError(`not one GTID of MySQL: '${text}'`)
  }
  return { uuid: part.uuid, tag: part.tag, number: interval.first }
}

export function formatMysqlGtid(gtid: MysqlGtid): string {
  return `${partKey(gtid.uuid, gtid.tag)}:${gtid.number}`
}

function parseMember(member: string): GtidSetPart[] {
  const [uuidText = '', ...pieces] = member.split(':')
  const uuid = uuidPattern.exec(uuidText)?.slice(1).join('-')
  if (uuid === undefined) throw new RangeError(`not a UUID in a GTID set: '${uuidText}'`)
  if (pieces.length === 0) throw new RangeError(`a GTID set has no numbers after '${uuidText}'`)
  const parts: GtidSetPart[] = []
  let tag = ''
  let needsNumber = true
  for (const piece of pieces) {
    if (tagPattern.test(piece)) {
      // The server refuses a tag without numbers too.
      if (needsNumber && tag !== '') throw new RangeError(`a GTID set has no numbers after tag '${tag}'`)
      tag = piece
      needsNumber = true
      continue
    }
    parts.push({ uuid, tag, intervals: parseInterval(piece) })
    needsNumber = false
  }
  if (needsNumber) throw new RangeError(`a GTID set has no numbers after '${tag === '' ? uuidText : tag}'`)
  return parts
}

/** An interval that ends before it starts is empty, not an error: the server reads `5-3` so. */
function parseInterval(piece: string): Intervals {
  const match = intervalPattern.exec(piece)
  if (match === null) throw new RangeError(`not a range of numbers in a GTID set: '${piece}'`)
  const first = BigInt(match[1]!)
  const last = match[2] === undefined ? first : BigInt(match[2])
  if (first < 1n || last > maximumNumber || first > maximumNumber) {
    throw new RangeError(`a number of a GTID set lies outside 1 to 2^63 - 2: '${piece}'`)
  }
  return first <= last ? [{ first, last }] : []
}

function partKey(uuid: string, tag: string): string {
  return tag === '' ? uuid : `${uuid}:${tag}`
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

// A MariaDB GTID position: the last transaction of each replication domain, and what comes after what within a domain.

/** One transaction of MariaDB, written `domain-server-sequence`. */
export interface MariadbGtid {
  readonly domainId: number
  readonly serverId: number
  readonly sequence: bigint
}

const gtidPattern = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/
const maximumId = 0xffff_ffff
const maximumSequence = (1n << 64n) - 1n

/** Immutable. One GTID a domain: everything in the domain up to and including it has been executed. */
export class GtidPosition {
  static readonly empty: GtidPosition = new GtidPosition(new Map())

  readonly #byDomain: ReadonlyMap<number, MariadbGtid>

  private constructor(byDomain: ReadonlyMap<number, MariadbGtid>) {
    this.#byDomain = byDomain
  }

  /** Reads `0-1-100,7-2-5`. Throws a RangeError on anything else, and on a domain that comes twice. */
  static parse(text: string): GtidPosition {
    const byDomain = new Map<number, MariadbGtid>()
    for (const member of text.split(',')) {
      if (member.trim() === '') continue
      const gtid = parseMariadbGtid(member)
      if (byDomain.has(gtid.domainId)) {
        throw new RangeError(`a GTID position names domain ${gtid.domainId} twice: '${text}'`)
      }
      byDomain.set(gtid.domainId, gtid)
    }
    return new GtidPosition(byDomain)
  }

  /** A position of these GTIDs; of two in one domain the later in the iteration counts. */
  static of(gtids: Iterable<MariadbGtid>): GtidPosition {
    return new GtidPosition(new Map([...gtids].map((gtid) => [gtid.domainId, gtid])))
  }

  get isEmpty(): boolean {
    return this.#byDomain.size === 0
  }

  /** Sorted by domain. */
  gtids(): readonly MariadbGtid[] {
    return [...this.#byDomain.values()].toSorted((a, b) => a.domainId - b.domainId)
  }

  domain(domainId: number): MariadbGtid | undefined {
    return this.#byDomain.get(domainId)
  }

  /**
   * The position after `gtid` has been executed. The last one counts, not the greatest: without gtid_strict_mode a
   * failover may number downwards, and the server's own state follows the order of execution too.
   */
  advance(gtid: MariadbGtid): GtidPosition {
    return new GtidPosition(new Map(this.#byDomain).set(gtid.domainId, gtid))
  }

  /** True when `gtid` is at or before this position in its domain, by sequence number. */
  contains(gtid: MariadbGtid): boolean {
    const reached = this.#byDomain.get(gtid.domainId)
    return reached !== undefined && gtid.sequence <= reached.sequence
  }

  /** True when every domain of `other` has been reached here. */
  containsAll(other: GtidPosition): boolean {
    return [...other.#byDomain.values()].every((gtid) => this.contains(gtid))
  }

  equals(other: GtidPosition): boolean {
    return this.toString() === other.toString()
  }

  /** The server's own text, domains in ascending order; empty text for the empty position. */
  toString(): string {
    return this.gtids().map(formatMariadbGtid).join(',')
  }

  toJSON(): string {
    return this.toString()
  }
}

/** Reads `domain-server-sequence`. Throws a RangeError on anything else. */
export function parseMariadbGtid(text: string): MariadbGtid {
  const match = gtidPattern.exec(text.trim())
  if (match === null) throw new RangeError(`not a GTID of MariaDB: '${text}'`)
  const domainId = Number(match[1])
  const serverId = Number(match[2])
  const sequence = BigInt(match[3]!)
  if (domainId > maximumId || serverId > maximumId || sequence > maximumSequence) {
    throw new RangeError(`a number of a GTID is too large: '${text}'`)
  }
  return { domainId, serverId, sequence }
}

export function formatMariadbGtid(gtid: MariadbGtid): string {
  return `${gtid.domainId}-${gtid.serverId}-${gtid.sequence}`
}

// What is known of a stretch of archived binary log without reading its data: where it stands, what it holds, what it follows.
import type { SourceIdentity } from './source-identity.ts'

/** Kind of a transaction. `incident`: the source says that it lost data here. */
export const transactionKinds = ['dml', 'ddl', 'xa-prepare', 'xa-commit', 'xa-rollback', 'incident'] as const
export type TransactionKind = (typeof transactionKinds)[number]

export interface SegmentTransaction {
  /** Its bytes are [start, end) of the file; it may start in an earlier segment, and belongs to the one where it ends. */
  readonly start: number
  readonly end: number
  /** Absent where the source uses none. */
  readonly gtid?: string
  /** When it was committed, as well as the archive knows; microseconds since 1970. Never falls within a segment. */
  readonly timeMicros: number
  /** When its last event arrived here, in milliseconds since 1970 by the source's clock. */
  readonly arrivalMillis: number
  readonly kind: TransactionKind
  /** Changes of data were logged as statements. */
  readonly hasStatements: boolean
}

/** Transactions as columns, one entry each: small, and smaller yet once compressed. */
export interface TransactionColumns {
  /** Bytes between the end of the one before (the segment's start for the first) and the start. */
  readonly skips: readonly number[]
  readonly lengths: readonly number[]
  /** Runs of one originator with rising numbers: originator ('' for none), first number, how many. */
  readonly gtids: readonly (readonly [originator: string, first: string, count: number])[]
  /** Each is the difference to the one before (to 0 for the first). */
  readonly timeMicros: readonly number[]
  readonly arrivalMillis: readonly number[]
  /** One letter each: the index in `transactionKinds`, as a to f, in upper case with statements. */
  readonly kinds: string
  /** Absent where nobody counted. */
  readonly changes?: ChangeColumns
}

/** How many rows of which tables transactions changed, told without their data. */
export interface ChangeColumns {
  readonly tables: readonly (readonly [schema: string, table: string])[]
  /**
   * One entry for each transaction, with `;` between them: `?` where only the data tell, else what it did to each of its tables, with a
   * space between them: number in `tables`, rows inserted, updated and deleted, with commas.
   */
  readonly rows: string
}

/** An event, so that somebody can tell later whether a source still has the same one. */
export interface EventMark {
  readonly offset: number
  readonly length: number
  readonly sha256: string
}

/** The transaction that is under way where a segment ends. */
export interface OpenTransaction {
  readonly start: number
  readonly gtid?: string
  readonly headerSeconds: number
  readonly commitMicros?: number
  readonly kind: TransactionKind
  readonly hasStatements: boolean
  /** Where the source says that it will end. */
  readonly endsAt?: number
  readonly isStandalone: boolean
}

/** Why a timeline began. */
export interface TimelineOrigin {
  /** For people. */
  readonly reason: string
  /** The last segment in the repository then, of the timeline before. Its chain value as far as the writer knew it. */
  readonly after?: { readonly timeline: string; readonly seq: number; readonly chain?: string }
}

export interface SegmentIndex {
  readonly format: 1
  readonly timeline: string
  /** From 1, without holes. */
  readonly seq: number
  readonly source: SourceIdentity
  readonly serverVersion: string
  /** In the first segment of a timeline. */
  readonly origin?: TimelineOrigin
  /** Name of the source's file; the segment's data are its bytes [start, end). 0 includes the file's magic number. */
  readonly file: string
  readonly start: number
  readonly end: number
  /** The file's last event is in this segment: a rotation, which names the file that follows, or a clean stop. */
  readonly fileEnd?: { readonly kind: 'rotate' | 'stop'; readonly nextFile?: string }
  /** The file's format description event, in base64: with it the segment can be read alone. */
  readonly formatEvent: string
  /** SHA-256 of the data. */
  readonly dataSha256: string
  /** Chain value of the segment before; 64 zeros for the first of a timeline. */
  readonly previousChain: string
  /** SHA-256 of all other fields of this index: see archive/index-chain.ts. */
  readonly chain: string
  /** GTID set or position before the first and after the last transaction that ends here; '' for none. */
  readonly gtidBefore: string
  readonly gtidAfter: string
  /** Commit time of the last transaction that ends here, else of the last before. 0 when there was none. */
  readonly timeMicros: number
  /** Until when nothing more was committed on the source; by its clock. */
  readonly coveredUntilMicros?: number
  readonly firstArrivalMillis: number
  readonly lastArrivalMillis: number
  /** Present when the segment ends within a transaction. */
  readonly openTransaction?: OpenTransaction
  readonly incidents: readonly { readonly offset: number; readonly message: string }[]
  readonly transactions: TransactionColumns
  /** Its last event. */
  readonly tail: EventMark
}

export function encodeTransactions(
  transactions: readonly SegmentTransaction[],
  segmentStart: number,
): Omit<TransactionColumns, 'changes'> {
  const gtids: [string, string, number][] = []
  let end = segmentStart
  let time = 0
  let arrival = 0
  const columns = {
    skips: [] as number[],
    lengths: [] as number[],
    timeMicros: [] as number[],
    arrivalMillis: [] as number[],
  }
  let kinds = ''
  for (const transaction of transactions) {
    columns.skips.push(transaction.start - end)
    columns.lengths.push(transaction.end - transaction.start)
    columns.timeMicros.push(transaction.timeMicros - time)
    columns.arrivalMillis.push(transaction.arrivalMillis - arrival)
    const letter = String.fromCharCode(firstLetter + transactionKinds.indexOf(transaction.kind))
    kinds += transaction.hasStatements ? letter.toUpperCase() : letter
    addGtid(gtids, transaction.gtid)
    end = transaction.end
    time = transaction.timeMicros
    arrival = transaction.arrivalMillis
  }
  return { ...columns, gtids, kinds }
}

/** The index must have been checked: columns of one length, letters that are known. */
export function decodeTransactions(
  index: Pick<SegmentIndex, 'start' | 'transactions'>,
): SegmentTransaction[] {
  const { skips, lengths, timeMicros, arrivalMillis, kinds } = index.transactions
  const gtids = expandGtids(index.transactions)
  let end = index.start
  let time = 0
  let arrival = 0
  return lengths.map((length, i) => {
    const start = end + (skips[i] ?? 0)
    end = start + length
    time += timeMicros[i] ?? 0
    arrival += arrivalMillis[i] ?? 0
    const letter = kinds.charAt(i)
    const kind = transactionKinds[letter.toLowerCase().charCodeAt(0) - firstLetter] ?? 'dml'
    const hasStatements = letter !== letter.toLowerCase()
    const gtid = gtids.next().value
    return {
      start,
      end,
      timeMicros: time,
      arrivalMillis: arrival,
      kind,
      hasStatements,
      ...(typeof gtid === 'string' && gtid !== '' ? { gtid } : {}),
    }
  })
}

const firstLetter = 'a'.charCodeAt(0)

/** `uuid:7` and `uuid:tag:7` end after a colon, `0-1-7` after a dash: the number is what follows the last of either. */
function addGtid(runs: [string, string, number][], gtid: string | undefined): void {
  const cut = gtid === undefined ? 0 : Math.max(gtid.lastIndexOf(':'), gtid.lastIndexOf('-')) + 1
  const originator = gtid?.slice(0, cut) ?? ''
  const number = gtid?.slice(cut) ?? '0'
  const last = runs.at(-1)
  const isNext =
    last !== undefined &&
    last[0] === originator &&
    (originator === '' || BigInt(last[1]) + BigInt(last[2]) === BigInt(number))
  if (isNext) last[2]++
  else runs.push([originator, number, 1])
}

function* expandGtids({ gtids }: TransactionColumns): Generator<string> {
  for (const [originator, first, count] of gtids) {
    for (let i = 0; i < count; i++) {
      yield originator === '' ? '' : `${originator}${BigInt(first) + BigInt(i)}`
    }
  }
}

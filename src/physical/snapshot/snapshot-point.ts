// Which point of a server's history a snapshot is, by what was seen of the server and by the end of the binary log in it.
import { HoldfastError } from '../../core/errors.ts'
import { GtidSet } from '../../core/gtid-set.ts'
import type { BinlogPosition, GtidState, RecoveryPoint } from '../../core/recovery-point.ts'
import type { Moment } from './take-snapshot.ts'

/** `logEnd`: of the binary log in the snapshot, where it has one. Throws FAILED when the two cannot both be true. */
export function snapshotPoint(moment: Moment, logEnd: RecoveryPoint | undefined): RecoveryPoint {
  if (moment.kind === 'still') {
    requireLogOf(moment.point, logEnd)
    return moment.point
  }
  const { before, after } = moment
  requireLogOf(before, logEnd)
  requireLogBefore(after, logEnd)
  // Of the later of both: whatever was committed up to then may be missing, and nothing is in it that was committed later.
  const { timeMicros } = after
  if (logEnd === undefined) return { timeMicros }
  const gtid = joined(before.gtid, logEnd.gtid)
  return {
    ...(logEnd.position === undefined ? {} : { position: logEnd.position }),
    ...(gtid === undefined ? {} : { gtid }),
    timeMicros,
  }
}

/** MySQL's log does not tell of what came before its first file: a set that was given to the server (gtid_purged). */
function joined(before: GtidState | undefined, log: GtidState | undefined): GtidState | undefined {
  if (before?.flavour !== 'mysql') return log
  if (log === undefined) return before
  return { flavour: 'mysql', text: GtidSet.parse(before.text).union(GtidSet.parse(log.text)).toString() }
}

/** The files have all that the server said it has; a log that goes on in a next file has too. */
function requireLogOf(point: RecoveryPoint, logEnd: RecoveryPoint | undefined): void {
  if (order(logEnd?.position, point.position) < 0) throw lacksLog(point, logEnd)
}

/** And nothing that it had not yet when the snapshot was there: that would be the log of another server, or of another time. */
function requireLogBefore(point: RecoveryPoint, logEnd: RecoveryPoint | undefined): void {
  if (order(logEnd?.position, point.position) <= 0) return
  throw new HoldfastError(
    'FAILED',
    `the snapshot has a binary log that ends at ${textOf(logEnd)}, and the server was only at ${textOf(point)} when it had been taken`,
    {},
    { hint },
  )
}

/** Below 0 where `a` comes before `b`; 0 also where one of both is not known. Files of one log differ in their number. */
function order(a: BinlogPosition | undefined, b: BinlogPosition | undefined): number {
  if (a === undefined || b === undefined) return 0
  return binlogNumber(a.file) - binlogNumber(b.file) || a.offset - b.offset
}

function binlogNumber(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? 0)
}

function textOf(point: RecoveryPoint | undefined): string {
  return `${point?.position?.offset} of ${point?.position?.file}`
}

const hint =
  'The volume that was taken is not that of this server, or it loses writes; take a logical backup until that is known.'

function lacksLog(point: RecoveryPoint, logEnd: RecoveryPoint | undefined): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `the snapshot lacks what the server had when it was taken: its binary log ends at ${textOf(logEnd)}, and the server was at ${textOf(point)}`,
    {},
    { hint },
  )
}

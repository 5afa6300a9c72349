// Which point of a server's history a snapshot is, by what was seen of the server and by the end of the binary log in it.
import { HoldfastError } from '../../core/errors.ts'
import { GtidSet } from '../../core/gtid-set.ts'
import type { GtidState, RecoveryPoint } from '../../core/recovery-point.ts'
import type { Moment } from './take-snapshot.ts'

/** `logEnd`: of the binary log in the snapshot, where it has one. Throws FAILED when the two cannot both be true. */
export function snapshotPoint(moment: Moment, logEnd: RecoveryPoint | undefined): RecoveryPoint {
  if (moment.kind === 'still') {
    requireLogOf(moment.point, logEnd)
    return moment.point
  }
  const { before, after } = moment
  requireLogOf(before, logEnd)
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
  const [said, found] = [point.position, logEnd?.position]
  if (said === undefined || found === undefined) return
  if (found.file === said.file && found.offset < said.offset) throw lacksLog(point, logEnd)
}

function lacksLog({ position }: RecoveryPoint, logEnd: RecoveryPoint | undefined): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `the snapshot lacks what the server had when it was taken: its binary log ends at ${logEnd?.position?.offset} of ${position?.file}, and the server was at ${position?.offset}`,
    {},
    {
      hint: 'The volume that was taken is not that of this server, or it loses writes; take a logical backup until that is known.',
    },
  )
}

// Another server answers: it is followed on a timeline of its own where its GTIDs prove that it has all that was archived.
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { GtidPosition } from '../core/gtid-position.ts'
import { missingFrom } from '../core/gtid-state.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import type { Connection } from '../wire/connection.ts'
import { textOrNull } from '../wire/row-values.ts'
import type { Archiver } from './archiver.ts'
import { endOfArchive, newTimeline } from './new-timeline.ts'
import type { SegmentRepository } from './segment-repository.ts'
import type { SegmentUploader } from './segment-uploader.ts'
import { isSameServer, type SourceServer } from './source-server.ts'
import type { Spool } from './spool.ts'

export interface ChangeOfServer {
  readonly archiver: Archiver
  readonly source: SegmentRepository
  readonly spool: Spool
  readonly uploader: SegmentUploader
  readonly server: SourceServer
  readonly connection: Connection
  readonly emit: EmitEvent
}

/** Answers false where it is the server as before. Throws ARCHIVE_DIVERGED, SOURCE_MISMATCH. */
export async function followOtherServer(change: ChangeOfServer): Promise<boolean> {
  const { archiver, source, spool, uploader, server, connection, emit } = change
  if (isSameServer(archiver.state.source, server.source)) {
    await source.ensure(server.source)
    return false
  }
  // What had arrived of the old one counts too.
  await archiver.seal()
  await uploader.drain()
  const before = archiver.state
  const logged = await readLogged(connection)
  const missing = lacking(server.source, logged, before.gtid)
  if (missing !== '') throw await otherHistory(change, missing, logged)
  await requireLogOfTheRest(change)
  await source.admit(server.source)
  const refs = await source.listSegments()
  const last = refs.at(-1)
  const [old, now] = [describeServer(before.source), describeServer(server.source)]
  const reason = `${now} took over from ${old}, with everything that was archived`
  const state = newTimeline(refs, server, {
    reason,
    ...(last === undefined ? {} : { after: endOfArchive(last, before) }),
  })
  await spool.record(state)
  if (before.seq !== state.seq) await spool.forget(before.seq)
  archiver.beginTimeline(state)
  emit({
    type: 'notice',
    level: 'warning',
    message: `${reason}: timeline ${before.timeline} ends here, and timeline ${state.timeline} goes on`,
  })
  return true
}

/** MySQL tells of what it has executed and has no log of: a server that was cloned or restored, or whose logs have expired. */
async function requireLogOfTheRest({ archiver, source, server, connection }: ChangeOfServer): Promise<void> {
  if (connection.flavour !== 'mysql') return
  const [row = {}] = await connection.query('SELECT @@global.gtid_purged AS purged')
  const purged = (textOrNull(row, 'purged') ?? '').replaceAll(/\s/g, '')
  const unseen = missingFrom(
    { flavour: 'mysql', text: archiver.state.gtid },
    { flavour: 'mysql', text: purged },
  )
  if (unseen === '') return
  throw new HoldfastError(
    'BINLOG_PURGED',
    `${describeServer(server.source)} answers now instead of ${describeServer(archiver.state.source)}, and has no log any more of transactions that were not archived: ${unseen}`,
    { source: source.name, missing: unseen },
  )
}

/** GTID set on MySQL; on MariaDB of each domain the last of every originator. '' for none. */
async function readLogged(connection: Connection): Promise<string> {
  const variable = connection.flavour === 'mysql' ? 'gtid_executed' : 'gtid_binlog_state'
  const [row = {}] = await connection.query(`SELECT @@global.${variable} AS logged`)
  return (textOrNull(row, 'logged') ?? '').replaceAll(/\s/g, '')
}

/** What of the archived `gtid` the server has not logged; 'all of it' where no GTID tells. */
function lacking({ flavour }: SourceIdentity, logged: string, gtid: string): string {
  if (gtid === '') return 'all of it, as far as can be told without GTIDs'
  if (flavour === 'mysql') return missingFrom({ flavour, text: logged }, { flavour, text: gtid })
  // A sequence number alone proves nothing: servers that have nothing to do with each other count alike. The originator has to be the same.
  const members = logged.split(',').map((text) => GtidPosition.parse(text))
  return GtidPosition.parse(gtid)
    .gtids()
    .filter(
      (wanted) =>
        !members.some((member) => {
          const reached = member.domain(wanted.domainId)
          return reached?.serverId === wanted.serverId && reached.sequence >= wanted.sequence
        }),
    )
    .map(({ domainId, serverId, sequence }) => `${domainId}-${serverId}-${sequence}`)
    .join(',')
}

/** One that shares nothing with the archive is a mistake in the address rather than a successor. */
async function otherHistory(
  { archiver, source, server }: ChangeOfServer,
  missing: string,
  logged: string,
): Promise<HoldfastError> {
  const { source: old, gtid } = archiver.state
  if (missing === gtid || logged === '') await source.ensure(server.source)
  return new HoldfastError(
    'ARCHIVE_DIVERGED',
    `${describeServer(server.source)} answers now instead of ${describeServer(old)}, and lacks of what is archived: ${missing}`,
    { source: source.name, missing },
  )
}

function describeServer({ flavour, serverUuid, serverId, gtidDomainId }: SourceIdentity): string {
  return flavour === 'mysql'
    ? `MySQL server ${serverUuid ?? 'without uuid'}`
    : `MariaDB server ${serverId} of domain ${gtidDomainId ?? 0}`
}

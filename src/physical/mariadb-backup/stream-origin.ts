// Which server a stream is of: what its notes say, what somebody says for it, and what only its name in the repository says.
import type { BackupOrigin } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { GtidState } from '../../core/recovery-point.ts'
import { binlogGtid, settingsIn } from './notes.ts'

export interface StreamServer {
  readonly serverId?: number | undefined
  /** Nobody says the id: it is that of the server which the name in the repository is of. */
  readonly isAssumed?: boolean
  readonly gtidDomainId?: number | undefined
}

export interface StreamOrigin {
  readonly origin: BackupOrigin
  /** What the server's own binary log has up to the noted position; absent where the note may mean other logs. */
  readonly gtid?: GtidState
  readonly warnings: readonly string[]
}

/** Throws FAILED for a stream without that note, and SOURCE_MISMATCH for GTIDs of which none is of the assumed server. */
export function streamOrigin(notes: ReadonlyMap<string, string>, server: StreamServer): StreamOrigin {
  const serverVersion = settingsIn(notes, 'info').get('server_version')
  if (serverVersion === undefined) {
    throw new HoldfastError('FAILED', 'the stream does not say which server it is of: its note is missing', {
      note: 'xtrabackup_info',
    })
  }
  return /mariadb/i.test(serverVersion)
    ? mariadbOrigin(serverVersion, notes, server)
    : mysqlOrigin(serverVersion, notes, server)
}

/** Its option note has server_uuid and server_id. */
function mysqlOrigin(
  serverVersion: string,
  notes: ReadonlyMap<string, string>,
  { serverId, isAssumed }: StreamServer,
): StreamOrigin {
  const options = settingsIn(notes, 'backup-my.cnf')
  const serverUuid = options.get('server_uuid')
  const noted = options.get('server_id')
  const text = binlogGtid(notes)
  return {
    origin: {
      flavour: 'mysql',
      serverVersion,
      serverId: (isAssumed === true ? undefined : serverId) ?? Number(noted ?? serverId ?? 0),
      ...(serverUuid === undefined ? {} : { serverUuid }),
    },
    ...(text === undefined ? {} : { gtid: { flavour: 'mysql', text } }),
    warnings: [],
  }
}

/**
 * MariaDB's streams say neither server_id nor domain. The GTIDs in their note are gtid_current_pos: those that the server has replicated are among them, which
 * its own log has only with log_slave_updates. An archive of a log without them would never come to such a state, and nothing could be replayed behind the backup:
 * then the position alone, which is exact, says where its history goes on.
 */
function mariadbOrigin(
  serverVersion: string,
  notes: ReadonlyMap<string, string>,
  { serverId = 0, isAssumed = false, gtidDomainId }: StreamServer,
): StreamOrigin {
  const text = binlogGtid(notes)
  const gtids = (text?.split(',') ?? []).map((gtid) => gtid.split('-').map(Number))
  const writers = new Set(gtids.map(([, writer]) => writer))
  const domains = new Set(gtids.map(([domain]) => domain))
  if (isAssumed && serverId !== 0 && text !== undefined && !writers.has(serverId))
    throw ofAnother(serverId, text)
  const [onlyDomain = 0] = domains.size === 1 ? domains : []
  const isOwn = writers.size === 1 && (serverId === 0 || writers.has(serverId))
  return {
    origin: { flavour: 'mariadb', serverVersion, serverId, gtidDomainId: gtidDomainId ?? onlyDomain },
    ...(text !== undefined && isOwn ? { gtid: { flavour: 'mariadb', text } } : {}),
    warnings: [
      ...(serverId === 0 || (isAssumed && text === undefined) ? [unsaid(serverId)] : []),
      ...(text === undefined || isOwn ? [] : [replicated(text)]),
    ],
  }
}

function unsaid(serverId: number): string {
  const taken = serverId === 0 ? '' : `, and is taken for one of server ${serverId}, as its name is`
  return `the stream does not say the server_id of its server${taken}; --server-options FILE tells`
}

function replicated(gtids: string): string {
  return `the GTIDs that the stream notes (${gtids}) are of other servers too, and its own binary log may not have them: a replay begins at the noted position alone`
}

function ofAnother(serverId: number, gtids: string): HoldfastError {
  return new HoldfastError(
    'SOURCE_MISMATCH',
    `none of the GTIDs that the stream notes (${gtids}) is of server ${serverId}, which this name is of`,
    { serverId, gtids },
    {
      hint: 'Give a stream of another server a name of its own. Where it is that server all the same, and only replicates, say so by its option file: --server-options FILE.',
    },
  )
}

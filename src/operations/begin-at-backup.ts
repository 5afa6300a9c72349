// Where an archive begins that is to go on from a backup: with the file of the source's log in which the backup ends.
import type { Beginning } from '../archive/beginning.ts'
import { isSameServer } from '../archive/source-server.ts'
import { HoldfastError } from '../core/errors.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import type { SourceRepository } from '../repository/source-repository.ts'

/**
 * `wanted`: id of a backup, or `latest` for the newest of the whole server. Throws USAGE for a backup that is not there, is of
 * another server, or had no binary log, and IDENTITY_MISSING where only the recovery key can read it.
 */
export async function beginAtBackup(
  source: SourceRepository,
  wanted: string,
  server: SourceIdentity,
  signal: AbortSignal,
): Promise<Beginning> {
  const { id, origin, point } =
    wanted === 'latest' ? await newestWhole(source, signal) : await source.readBackup(wanted, signal)
  if (!isSameServer(origin, server))
    throw cannotBegin(id, 'is of another server, whose files have names of their own')
  if (point.position === undefined) throw cannotBegin(id, 'was made of a server without a binary log')
  return { file: point.position.file, which: `in which backup ${id} ends` }
}

async function newestWhole(
  source: SourceRepository,
  signal: AbortSignal,
): ReturnType<SourceRepository['readBackup']> {
  for (const { id } of (await source.listBackups(signal)).toReversed()) {
    const backup = await source.readBackup(id, signal)
    if (!backup.isPartial) return backup
  }
  throw new HoldfastError(
    'USAGE',
    `${source.name} has no backup of a whole server to begin with`,
    { source: source.name },
    {
      hint: 'Take one first with holdfast backup, or leave out --from-backup to begin with the oldest file.',
    },
  )
}

function cannotBegin(id: string, why: string): HoldfastError {
  return new HoldfastError(
    'USAGE',
    `the archive cannot begin with backup ${id}: it ${why}`,
    { backup: id },
    {
      hint: 'Leave out --from-backup to begin with the oldest file that the source has, and take a new backup.',
    },
  )
}

// Use case: tell which instances a repository holds, their backups, and how far each can be recovered.
import { Archive } from '../archive/archive.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { isHoldfastError } from '../core/errors.ts'
import type { RecoveryWindow } from '../core/recovery-window.ts'
import { recoveryWindows } from '../core/recovery-window.ts'
import { answer } from '../core/run-history.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import type { BackupListing } from '../repository/manifest.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { existingSource } from './existing-source.ts'
import { type LastEvidence, lastEvidence } from './last-evidence.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'

export interface ListRequest {
  readonly access: RepositoryAccess
  readonly source?: string | undefined
}

export interface ListedBackup extends BackupListing, LastEvidence {
  /** Absent when it cannot be read: without a key, or damaged. */
  readonly summary?: BackupSummary
  /** What is wrong with its manifest. */
  readonly problem?: string
}

export interface ListedSource {
  readonly name: string
  readonly identity?: SourceIdentity
  readonly backups: readonly ListedBackup[]
  /** Absent when no key was given, or when the archive cannot be read. */
  readonly windows?: readonly RecoveryWindow[]
  /** What is wrong with the archive. */
  readonly problem?: string
}

export interface RepositoryListing {
  readonly place: string
  readonly isEncrypted: boolean
  /** Without a key only names and times can be told. */
  readonly isReadable: boolean
  readonly sources: readonly ListedSource[]
}

export async function listBackups(request: ListRequest, signal: AbortSignal): Promise<RepositoryListing> {
  const repository = await openRepository(request.access, signal)
  const { place, isEncrypted } = repository
  const isReadable = !isEncrypted || request.access.identityFile !== undefined
  const names = request.source === undefined ? await repository.listSources(signal) : [request.source]
  const sources: ListedSource[] = []
  for (const name of names) {
    sources.push(await listSource(await existingSource(repository, name, signal), isReadable, signal))
  }
  return { place, isEncrypted, isReadable, sources }
}

async function listSource(
  source: SourceRepository,
  isReadable: boolean,
  signal: AbortSignal,
): Promise<ListedSource> {
  const identity = await source.describe(signal)
  const backups: ListedBackup[] = []
  const tried = isReadable ? await source.listEvidence(signal) : new Map<string, readonly string[]>()
  for (const listing of await source.listBackups(signal)) {
    backups.push(isReadable ? await readListed(source, tried, listing, signal) : listing)
  }
  const known = identity === undefined ? {} : { identity }
  if (!isReadable) return { name: source.name, ...known, backups }
  try {
    const archive = await Archive.open(source, signal)
    const summaries = backups.flatMap(({ summary }) => summary ?? [])
    const { windows } = answer(recoveryWindows(summaries, archive.history()), (segment) =>
      archive.transactionsOf(segment),
    )
    return { name: source.name, ...known, backups, windows }
  } catch (error) {
    if (!isHoldfastError(error, 'VERIFY_FAILED')) throw error
    return { name: source.name, ...known, backups, problem: error.message }
  }
}

/** One damaged manifest must not hide the other backups. */
async function readListed(
  source: SourceRepository,
  tried: ReadonlyMap<string, readonly string[]>,
  listing: BackupListing,
  signal: AbortSignal,
): Promise<ListedBackup> {
  try {
    const summary = await source.readBackup(listing.id, signal)
    return { ...listing, summary, ...(await lastEvidence(source, tried.get(listing.id), signal)) }
  } catch (error) {
    if (isHoldfastError(error, 'VERIFY_FAILED')) return { ...listing, problem: error.message }
    throw error
  }
}

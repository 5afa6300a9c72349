// Use case: is a server still what a backup says?
import type { BackupSummary } from '../core/backup-summary.ts'
import { type ConnectionSettings, describeConnection } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { type TargetVerification, verifyTarget } from '../logical/verify-target/verify-target.ts'
import { defaultThreads } from './backup-instance.ts'
import { existingSource } from './existing-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { parseSchemas } from './parse-selection.ts'
import { findBackup } from './show-backup.ts'

export interface VerifyTargetRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
  readonly target: ConnectionSettings
  /** Id or the beginning of one; the newest by default. */
  readonly backup?: string | undefined
  /** Names as parse-selection.ts reads them. */
  readonly schemas?: readonly string[] | undefined
  readonly threads?: number | undefined
}

export interface VerifyTargetReport {
  readonly backup: BackupSummary
  /** `user@host:port` */
  readonly server: string
  readonly verification: TargetVerification
  readonly seconds: number
}

/** Reads only. Throws what opening, connecting and reading throw; differences are in the report. */
export async function verifyServer(
  request: VerifyTargetRequest,
  { emit, signal }: { readonly emit: EmitEvent; readonly signal: AbortSignal },
): Promise<VerifyTargetReport> {
  const schemas = parseSchemas(request.schemas)
  const { target, threads = defaultThreads() } = request
  const repository = await openRepository(request.access, signal)
  const source = await existingSource(repository, request.source, signal)
  const id = await findBackup(source, request.backup, signal)
  const backup = await source.openBackup(id, signal)
  if (backup.summary.kind !== 'logical') {
    throw new HoldfastError(
      'UNSUPPORTED',
      `backup ${id} is a copy of data files: it has no rows that a server could be compared with`,
      { backup: id },
      { hint: `Name a backup made with --method dump; see: holdfast list ${source.name}` },
    )
  }
  const startedMs = performance.now()
  const verification = await verifyTarget({
    settings: target,
    backup,
    ...(schemas === undefined ? {} : { selection: { kind: 'schemas', schemas } }),
    threads,
    emit,
    signal,
  })
  return {
    backup: backup.summary,
    server: describeConnection(target),
    verification,
    seconds: (performance.now() - startedMs) / 1000,
  }
}

export type { TargetVerification } from '../logical/verify-target/verify-target.ts'

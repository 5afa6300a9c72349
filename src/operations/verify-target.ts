// Use case: is a server still what a backup says?
import type { BackupSource } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { type ConnectionSettings, describeConnection } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { readTargetServer } from '../logical/translate/target-server.ts'
import { translateBackup } from '../logical/translate/translate-backup.ts'
import { type TargetVerification, verifyTarget } from '../logical/verify-target/verify-target.ts'
import { Connection } from '../wire/connection.ts'
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
  const compared = await comparable(backup, target, signal)
  const found = await verifyTarget({
    settings: target,
    backup: compared.backup,
    ...(schemas === undefined ? {} : { selection: { kind: 'schemas', schemas } }),
    threads,
    emit,
    signal,
  })
  const verification = { ...found, notes: [...compared.notes, ...found.notes] }
  return {
    backup: backup.summary,
    server: describeConnection(target),
    verification,
    seconds: (performance.now() - startedMs) / 1000,
  }
}

/** A server of another flavour is compared with what a restore would have made of the backup there. */
async function comparable(
  backup: BackupSource,
  target: ConnectionSettings,
  signal: AbortSignal,
): Promise<{ readonly backup: BackupSource; readonly notes: readonly string[] }> {
  await using connection = await Connection.open(target, { signal })
  if (connection.flavour === backup.origin.flavour) return { backup, notes: [] }
  const facts = await inspectInstance(connection, { signal })
  const server = await readTargetServer(connection, facts, signal)
  const translated = await translateBackup(backup, server, signal)
  const note = `compared with what restore --translate makes of this ${backup.origin.flavour} backup for ${facts.flavour}, without what is not carried there`
  return { backup: translated.backup, notes: [note] }
}

export type { TargetVerification } from '../logical/verify-target/verify-target.ts'

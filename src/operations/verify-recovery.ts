// Use case: prove that a physical backup comes back, by recovering it in a directory of its own and checking every table.
import type { BackupKind } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { statesEqual } from '../core/gtid-state.ts'
import type { RecoveryEvidence, RecoveryOutcome } from '../core/recovery-evidence.ts'
import type { RecoveryPoint } from '../core/recovery-point.ts'
import { parsePhysicalContent } from '../physical/content.ts'
import { checkTables, type TableCheck } from '../physical/recover/check-tables.ts'
import { takeOver } from '../recovery/take-over.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import { Connection } from '../wire/connection.ts'
import type { UseCase } from './backup-instance.ts'
import { existingSource } from './existing-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'
import { findRecoveryPrograms, recoverFiles } from './recover-files.ts'
import { writeScratchFiles } from './scratch-files.ts'
import { findBackup } from './show-backup.ts'

export interface VerifyRecoveryRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
  /** Id or the beginning of one; the newest physical one by default. */
  readonly backup?: string | undefined
  /** Where the files are put for the time of it; the system's folder for temporary files by default. */
  readonly scratch?: string | undefined
  readonly serverProgram?: string | undefined
  readonly optionFile?: string | undefined
  readonly env: NodeJS.ProcessEnv
}

export interface RecoveryVerification extends TableCheck {
  readonly backup: BackupSummary
  /** What the recovered server holds: the exact point, also where the backup knows only bounds. */
  readonly point: RecoveryPoint
  readonly seconds: number
  /** The server that recovered it. */
  readonly serverVersion: string
}

/**
 * Throws VERIFY_FAILED for what does not recover at all; what CHECK TABLE finds is in the answer. Either is kept as evidence, and so is a try that this host did not let
 * come to an end, which throws HOST_TROUBLE, DISK_FULL or whatever it was.
 */
export async function verifyRecovery(
  request: VerifyRecoveryRequest,
  { emit, signal }: UseCase,
): Promise<RecoveryVerification> {
  const repository = await openRepository(request.access, signal)
  const source = await existingSource(repository, request.source, signal)
  const id = await findBackup(source, request.backup ?? (await newestPhysical(source, signal)), signal)
  const backup = await source.openBackup(id, signal)
  if (backup.summary.kind !== 'physical') {
    throw new HoldfastError(
      'USAGE',
      `backup ${id} is ${backup.summary.kind}: there are no files that a server could recover`,
      { backup: id },
      { hint: 'Name a physical one with --backup ID, or compare a server with this one: --target URL' },
    )
  }
  const content = parsePhysicalContent(backup.content)
  const programs = await findRecoveryPrograms(request, backup, content, signal)
  const start = performance.now()
  const tried = {
    backup: id,
    triedAt: new Date().toISOString(),
    serverVersion: programs.server.version,
  }
  const secondsSince = (): number => Math.round(performance.now() - start) / 1000
  const keep = (outcome: RecoveryOutcome): Promise<void> =>
    keepEvidence(source, { ...tried, seconds: secondsSince(), outcome }, { emit, signal })
  const { scratch, optionFile } = request
  try {
    await using files = await writeScratchFiles({ backup, content, scratch, emit, signal })
    const options = { backup, content, directory: files.directory, programs, optionFile, emit, signal }
    const found = await asVerification(id, signal, () =>
      recoverFiles(options, async (settings) => {
        await using connection = await Connection.open(settings, { signal })
        const { gtid } = await takeOver(connection, backup.point, { signal })
        if (content.bounds === undefined) requireSameState(backup.point, gtid)
        const point = { ...backup.point, ...(gtid === undefined ? {} : { gtid }) }
        return { point, ...(await checkTables(settings, { emit, signal })) }
      }),
    )
    await keep({ kind: 'recovered', ...found })
    return { backup: backup.summary, ...found, seconds: secondsSince(), serverVersion: tried.serverVersion }
  } catch (error) {
    const outcome = signal.aborted ? undefined : outcomeOf(error)
    if (outcome !== undefined) await keep(outcome)
    throw error
  }
}

/** Of what was asked for, or of what is here to do it: the backup was not even tried. */
const refusals = ['USAGE', 'UNSUPPORTED', 'TARGET_NOT_EMPTY', 'TOOL_MISSING', 'VERSION_MISMATCH'] as const

/** Undefined for what tells nothing. */
function outcomeOf(error: unknown): RecoveryOutcome | undefined {
  if (!(error instanceof Error) || isHoldfastError(error, ...refusals)) return undefined
  if (isHoldfastError(error, 'VERIFY_FAILED')) return { kind: 'failed', why: reasonOf(error) }
  return { kind: 'broken-off', why: error.message }
}

/** In the words of whatever failed. */
function reasonOf({ message, cause }: HoldfastError): string {
  return isHoldfastError(cause) ? cause.message : message
}

/** What was found is told whether it can be kept or not: a repository may be mounted for reading alone. */
async function keepEvidence(
  source: SourceRepository,
  evidence: RecoveryEvidence,
  { emit, signal }: UseCase,
): Promise<void> {
  try {
    await source.putEvidence(evidence, signal)
  } catch (error) {
    if (signal.aborted || !(error instanceof Error)) throw error
    const message = `what was found cannot be kept in the repository: ${error.message}`
    emit({ type: 'notice', level: 'warning', message })
  }
}

/** Undefined where there is none: then the newest of all is looked at, and refused by its kind. */
async function newestPhysical(source: SourceRepository, signal: AbortSignal): Promise<string | undefined> {
  const physical: BackupKind = 'physical'
  const backups = await source.listBackups(signal)
  return backups.findLast(({ id }) => id.includes(`-${physical}-`))?.id
}

/** The exact point of a backup is what the server of its files has; a replay would begin at another place otherwise. */
function requireSameState({ gtid: said }: RecoveryPoint, found: RecoveryPoint['gtid']): void {
  if (said === undefined || found === undefined || statesEqual(said, found)) return
  throw new HoldfastError(
    'SANDBOX_FAILED',
    `the recovered server stands at GTID ${found.text || '(none)'}, and the backup says ${said.text || '(none)'}`,
    { expected: said.text, found: found.text },
  )
}

/** What a server, or the program that prepares for it, makes of files that are no backup. */
const noBackup = ['SANDBOX_FAILED', 'FAILED', 'PAGE_DAMAGED'] as const

/** A server that cannot start on the files, or dies while its tables are looked at, says that they are no backup. */
async function asVerification<T>(id: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted || !isHoldfastError(error, ...noBackup)) throw error
    throw new HoldfastError(
      'VERIFY_FAILED',
      `backup ${id} does not come back: ${error.message}`,
      { backup: id },
      { cause: error },
    )
  }
}

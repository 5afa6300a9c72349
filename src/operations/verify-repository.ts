// Use case: check that everything a restore needs is there and undamaged.
import { Archive } from '../archive/archive.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { historyRuns } from '../core/history.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import type { VerifyProblem, VerifyReport } from '../repository/verify-report.ts'
import { existingSource } from './existing-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'

export interface VerifyRequest {
  readonly access: RepositoryAccess
  /** All of the repository when absent. */
  readonly source?: string | undefined
  readonly readData: boolean
}

/** Finds all damage, not only the first. Throws what opening the repository throws, FAILED for an unknown source. */
export async function verifyRepository(
  request: VerifyRequest,
  { emit, signal }: { readonly emit: EmitEvent; readonly signal: AbortSignal },
): Promise<readonly VerifyReport[]> {
  const repository = await openRepository(request.access, signal)
  if (repository.isEncrypted && request.access.identityFile === undefined && request.readData) {
    throw new HoldfastError(
      'IDENTITY_MISSING',
      `${repository.place} is encrypted: its data cannot be checked without the key`,
    )
  }
  const names = request.source === undefined ? await repository.listSources(signal) : [request.source]
  const reports: VerifyReport[] = []
  for (const name of names) {
    const source = await existingSource(repository, name, signal)
    const report = await source.verify({ readData: request.readData, emit, signal })
    reports.push({
      ...report,
      problems: [...report.problems, ...(await missingParts(source, report, signal))],
    })
  }
  return reports
}

/** What no damaged object shows: objects that are gone, and that others prove to have been there. */
async function missingParts(
  source: SourceRepository,
  report: VerifyReport,
  signal: AbortSignal,
): Promise<readonly VerifyProblem[]> {
  const problems: VerifyProblem[] = []
  const folder = `sources/${source.name}`
  const isDamaged = (part: string): boolean =>
    report.problems.some(({ object }) => object.startsWith(`${folder}/${part}`))
  // It comes before the first backup and the first segment; a key alone is of a work that ended before either.
  const { backups, segments } = report.checked
  const isUsed = backups + segments > 0
  if (isUsed && !isDamaged('source.json') && (await source.describe(signal)) === undefined) {
    problems.push({ object: `${folder}/source.json`, problem: 'it is missing', affected: [] })
  }
  // Segments that cannot be read are named already, and without a key none can be.
  if (!report.isDecrypted || isDamaged('binlog/') || isDamaged('keys/')) return problems
  const archive = await Archive.open(source, signal)
  for (const { timeline, after, reason } of historyRuns(archive.history()).gaps) {
    const object = `${folder}/binlog/${timeline}`
    problems.push({ object, problem: `after ${after.file}:${after.offset} ${reason}`, affected: [] })
  }
  return problems
}

export type { VerifyReport } from '../repository/verify-report.ts'

// Use case: check that everything a restore needs is there and undamaged.
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { VerifyReport } from '../repository/verify-report.ts'
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
    reports.push(await source.verify({ readData: request.readData, emit, signal }))
  }
  return reports
}

export type { VerifyReport } from '../repository/verify-report.ts'

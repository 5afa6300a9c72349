// What every part of an opened repository shares: its store, its document, recipients, and the identities at hand.
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { RepositoryDocument } from './documents.ts'

export interface RepositoryContext {
  readonly store: ObjectStore
  readonly document: RepositoryDocument
  /** age recipients that new keys are wrapped for; empty in a clear repository. */
  readonly recipients: readonly string[]
  /** age identities given by the user; empty on a host that only writes. */
  readonly identities: readonly string[]
  /** Where this host remembers what it wrote; undefined: nowhere. */
  readonly stateDirectory: string | undefined
  /** zstd's, for chunks and segments that are written. */
  readonly compressLevel: number
}

/** Runs a reader of stored bytes; what it finds malformed is damage in the repository, and is named as such. */
export async function readingObject<T>(key: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof MalformedDataError)) throw error
    throw damagedObject(key, error.message, error)
  }
}

export function damagedObject(key: string, problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'VERIFY_FAILED',
    `${key} is damaged: ${problem}`,
    { object: key },
    cause === undefined ? {} : { cause },
  )
}

export function missingObject(key: string): HoldfastError {
  return new HoldfastError('VERIFY_FAILED', `${key} is missing`, { object: key })
}

// What a clone failed with, as users meet it: bytes that are not the protocol are no mistake of ours.
import { HoldfastError } from '../../core/errors.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'

/** Errors of other kinds come back as they are. */
export function cloneFailure(error: unknown, serverVersion: string): unknown {
  if (!(error instanceof MalformedDataError)) return error
  return new HoldfastError(
    'UNSUPPORTED',
    `MySQL ${serverVersion} does not speak CLONE as it is known: ${error.message}`,
    { version: serverVersion },
    { cause: error, hint: 'Use another method: --method dump; nothing of this backup was kept.' },
  )
}

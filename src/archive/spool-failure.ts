// A spool that cannot be written: which failures mean a full disk.
import { HoldfastError, isHoldfastError } from '../core/errors.ts'

const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** What the user should see of a folder that can be no spool: the next try there ends the same way. */
export function unusableSpool(error: unknown, folder: string): unknown {
  const failure = spoolFailure(error, folder)
  if (!isHoldfastError(failure, 'FAILED')) return failure
  return new HoldfastError(
    'CONFIG_INVALID',
    failure.message,
    { folder },
    {
      cause: error,
      hint: 'Name a folder that this user can make and write, on a disk that survives a restart, with --spool DIR.',
    },
  )
}

/** What the user should see of a failure to write at `path`. */
export function spoolFailure(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error
  if (!fullCodes.has(error.code)) {
    return new HoldfastError(
      'FAILED',
      `the spool cannot be written at ${path}: ${error.message}`,
      { path },
      { cause: error },
    )
  }
  return new HoldfastError(
    'DISK_FULL',
    `no space left for the spool at ${path}`,
    { path },
    {
      cause: error,
      hint: 'Free some space there and run the command again: the source still has what is not archived yet.',
    },
  )
}

// Which failures of a file system mean a full disk, and which mean a store that cannot serve.
import { HoldfastError } from '../core/errors.ts'

export function systemErrorCode(error: unknown): string | undefined {
  return isSystemError(error) ? error.code : undefined
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** What the store's user should see of a system error at `path`; errors of other kinds pass unchanged. */
export function storeError(error: unknown, doing: string, path: string): unknown {
  if (!isSystemError(error) || error instanceof HoldfastError) return error
  const { code } = error
  if (fullCodes.has(code)) {
    return new HoldfastError('DISK_FULL', `no space left while ${doing} ${path}`, { path }, { cause: error })
  }
  const hint =
    code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
      ? { hint: 'Let the user that runs holdfast read and write this directory and all below it.' }
      : {}
  return new HoldfastError(
    'STORE_UNUSABLE',
    `${doing} ${path} failed: ${error.message}`,
    { path, errno: code },
    { cause: error, ...hint },
  )
}

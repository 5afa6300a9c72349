// Files of a data directory that cannot be read, said in one sentence each.
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'

/** Throws CONFIG_INVALID for a directory that cannot be read, FAILED for a file in it, and everything else as it is. */
export async function explainRead<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isSystemError(error)) throw error
    const { path: file = '', code } = error
    if (file === directory) {
      throw new HoldfastError(
        'CONFIG_INVALID',
        `the data directory ${directory} cannot be read: ${code}`,
        { directory },
        { cause: error },
      )
    }
    if (path.relative(directory, file).startsWith('..')) throw error
    throw new HoldfastError('FAILED', `${file} cannot be read: ${code}`, { file }, { cause: error })
  }
}

/** With the path that a call was about. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'path' in error && typeof error.path === 'string'
}

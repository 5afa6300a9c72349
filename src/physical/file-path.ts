// Paths of files in a physical backup: which are allowed, and why no other may come from a server or go to a disk.
import { HoldfastError } from '../core/errors.ts'

/**
 * Throws FAILED for a path that could leave its data directory: a server that is not trusted names its files itself, and a restore
 * writes where they say.
 */
export function requireSafePath(path: string): void {
  const parts = (path.startsWith('/') ? path.slice(1) : path).split('/')
  const isSafe = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'))
  if (isSafe) return
  throw new HoldfastError('FAILED', `${JSON.stringify(path)} is no path that a backup may hold`, { path })
}

/** True for what lies outside of the data directory. */
export function isExternal(path: string): boolean {
  return path.startsWith('/')
}

// A hole in the archive in words: which timeline, from where to where, and why.
import type { ArchiveHole } from '../../operations/prove-archive.ts'

export function describeHole({ timeline, after, before, cause }: ArchiveHole): string {
  const from = after === undefined ? 'its start' : `${after.file}:${after.offset}`
  const to = before === undefined ? 'its end' : `${before.file}:${before.offset}`
  return `timeline ${timeline}, from ${from} to ${to}: ${cause}`
}

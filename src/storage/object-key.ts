// Which keys objects may have: nothing that a file system, a URL or a shell could take for something else.
import assert from 'node:assert/strict'

const segmentPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/

/** The longest segment: NAME_MAX of Linux file systems is 255, less 24 for the version suffix of mutable objects. */
const maxSegmentLength = 231

/** The longest key: S3 allows 1024 bytes. */
const maxKeyLength = 1024

export function isObjectKey(key: string): boolean {
  return (
    key.length <= maxKeyLength &&
    key.split('/').every((segment) => segment.length <= maxSegmentLength && segmentPattern.test(segment))
  )
}

/** Keys are made by our own code from checked names, so a bad one is a mistake of ours. */
export function assertObjectKey(key: string): void {
  assert(isObjectKey(key), `not an object key: ${JSON.stringify(key.slice(0, 200))}`)
}

/** A prefix is '' or whole segments with a '/' after each. */
export function assertObjectPrefix(prefix: string): void {
  assert(
    prefix === '' || (prefix.endsWith('/') && isObjectKey(prefix.slice(0, -1))),
    `not an object prefix: ${JSON.stringify(prefix.slice(0, 200))}`,
  )
}

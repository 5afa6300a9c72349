// The release a server's version text names, as a number that can be compared.
import { HoldfastError } from '../core/errors.ts'

/** Without the patch: 10.11.6 and 10.11.9 are alike. */
export function seriesOf(release: number): number {
  return Math.floor(release / 100)
}

/** major * 10000 + minor * 100 + patch: 10.11.6 is 101106, MySQL 9.7.0 is 90700 and 26.7.1 is 260701. */
export function releaseNumber(version: string): number {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
  if (major === undefined) {
    throw new HoldfastError('SERVER_UNSUPPORTED', `a server that calls its version ${version} is not known`, {
      version,
    })
  }
  return Number(major) * 10_000 + Number(minor) * 100 + Number(patch)
}

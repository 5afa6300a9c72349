// What a verify found: counts of what was really looked at, and every problem with what it costs.

import { isHoldfastError } from '../core/errors.ts'

export interface VerifyProblem {
  /** Key of the object that is wrong. */
  readonly object: string
  readonly problem: string
  /** Backups and objects that cannot be restored because of it; empty: none that are known. */
  readonly affected: readonly string[]
}

export interface VerifyCounts {
  readonly backups: number
  readonly packs: number
  readonly packBytes: number
  /** Packs that no readable manifest refers to: leftovers of backups that were not committed. */
  readonly orphanPacks: number
  /** Chunks that were decrypted, unpacked and hashed again. */
  readonly chunksRead: number
  /** References of objects to chunks that were followed. */
  readonly references: number
  readonly keys: number
  readonly segments: number
  readonly segmentBytes: number
}

export interface VerifyReport {
  readonly source: string
  /** False: sizes and presence alone were looked at. */
  readonly isDataRead: boolean
  /** False: no identity was given, so only what shows without a key could be checked. */
  readonly isDecrypted: boolean
  readonly checked: VerifyCounts
  readonly problems: readonly VerifyProblem[]
  /** What is whole and yet looks as if something were gone: what was deleted together with all that speaks of it leaves no proof. */
  readonly warnings: readonly string[]
}

/** Gathers problems and counts while a verify goes on; a second problem of one object joins the first. */
export class VerifyFindings {
  readonly #problems = new Map<string, { readonly texts: Set<string>; readonly affected: Set<string> }>()
  readonly #counts: { -readonly [K in keyof VerifyCounts]: number } = {
    backups: 0,
    packs: 0,
    packBytes: 0,
    orphanPacks: 0,
    chunksRead: 0,
    references: 0,
    keys: 0,
    segments: 0,
    segmentBytes: 0,
  }

  count(what: keyof VerifyCounts, by = 1): void {
    this.#counts[what] += by
  }

  problem(object: string, text: string, affected: readonly string[] = []): void {
    const entry = this.#problems.get(object) ?? { texts: new Set(), affected: new Set() }
    entry.texts.add(text)
    for (const each of affected) entry.affected.add(each)
    this.#problems.set(object, entry)
  }

  hasProblem(object: string): boolean {
    return this.#problems.has(object)
  }

  report(source: string, isDataRead: boolean, isDecrypted: boolean): VerifyReport {
    const problems = [...this.#problems].map(([object, { texts, affected }]) => ({
      object,
      problem: [...texts].join('; '),
      affected: [...affected],
    }))
    const checked = { ...this.#counts }
    return { source, isDataRead, isDecrypted, checked, problems, warnings: warningsOf(checked) }
  }
}

function warningsOf({ backups, packs, segments }: VerifyCounts): string[] {
  if (backups > 0 || packs + segments === 0) return []
  const left = [
    ...(packs === 0 ? [] : [`${packs} pack${packs === 1 ? '' : 's'} of data`]),
    ...(segments === 0 ? [] : [`${segments} segment${segments === 1 ? '' : 's'} of binary log`]),
  ].join(' and ')
  return [`there is no backup to restore from, only ${left}: none was ever finished, or all were deleted`]
}

/** True for what is about this run and not about the repository: it ends the verify instead of being a finding. */
export function isEnding(error: Error): boolean {
  return (
    error.name === 'AbortError' ||
    isHoldfastError(error, 'WRONG_KEY', 'IDENTITY_MISSING', 'INTERRUPTED', 'TERMINATED', 'BUG')
  )
}

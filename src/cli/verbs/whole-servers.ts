// What the methods that take all files of a server have in common on the command line: no choice of rows, and none of locks.
import { HoldfastError } from '../../core/errors.ts'
import type { VerbContext } from '../verb.ts'

/** What is of rows; without what may be set for all commands in the environment. */
const ofRows = [
  'format',
  'output',
  'schemas',
  'tables',
  'exclude',
  'where',
  'structure-only',
  'data-only',
  'mask',
  'no-locks',
  'lock-all-tables',
  'lock-wait',
  'explain-locks',
  'threads',
  'rate-limit',
] as const

/** Those that were said. */
export function optionsOfRows({ options }: VerbContext): readonly (typeof ofRows)[number][] {
  return ofRows.filter(
    (name) =>
      options.flag(name) ||
      options.text(name) !== undefined ||
      options.list(name) !== undefined ||
      options.integer(name) !== undefined,
  )
}

/** Throws USAGE for any of them but `taken`. */
export function refuseOptionsOfRows(
  context: VerbContext,
  method: string,
  taken: readonly (typeof ofRows)[number][] = [],
): void {
  const given = optionsOfRows(context).filter((name) => !taken.includes(name))
  if (given.length === 0) return
  throw new HoldfastError(
    'USAGE',
    `--method ${method} takes all of a server, and so goes without --${given.join(', --')}`,
  )
}

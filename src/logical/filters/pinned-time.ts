// What time it is for the conditions of a backup: that of its snapshot, in every session, however long the reading takes.
import { HoldfastError } from '../../core/errors.ts'
import type { SchemaDefinition } from '../definitions.ts'
import type { TableReader } from '../table-reader.ts'

/**
 * NOW(), CURDATE() and UNIX_TIMESTAMP() are `timeMicros` from here on; SYSDATE() is what it is for. Nothing is done where no table has a
 * condition.
 * @returns warnings, where the server keeps its time to itself (MariaDB, secure_timestamp)
 */
export async function pinTime(
  readers: readonly TableReader[],
  schemas: readonly SchemaDefinition[],
  timeMicros: number,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const hasCondition = schemas.some(({ tables }) => tables.some(({ where }) => where !== undefined))
  if (!hasCondition) return []
  const statement = `SET SESSION timestamp = ${(timeMicros / 1e6).toFixed(6)}`
  const outcomes = await Promise.allSettled(readers.map(({ session }) => session.run(statement, { signal })))
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue
    const error: unknown = outcome.reason
    if (!(error instanceof HoldfastError) || typeof error.details['errno'] !== 'number') throw error
    return [
      `the server does not let this account set the time of its session (${error.message}): ` +
        'NOW() in --where was that of each statement, of which a large table takes several',
    ]
  }
  return []
}

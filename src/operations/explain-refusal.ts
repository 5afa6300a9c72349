// Why a target refuses what was translated for it, as far as that can be told, and what to do about it.
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { formatTableName } from '../core/name-list.ts'
import type { LogicalContent } from '../logical/content.ts'
import { textKeys } from '../logical/translate/text-keys.ts'

/** The error of a load with what is known besides; any other as it is. */
export function explainRefusal(error: unknown, content: LogicalContent): unknown {
  if (!(error instanceof HoldfastError)) return error
  const { code, message, details } = error
  const { object, schema, table } = details
  if (typeof object === 'string' && object.startsWith('table ')) {
    const hint =
      'Change it on the source and take another backup; or leave it out with --exclude, when what this restore has created is dropped.'
    return new HoldfastError(code, message, details, { cause: error, hint })
  }
  if (!isHoldfastError(error, 'LOAD_MISMATCH') || typeof schema !== 'string' || typeof table !== 'string')
    return error
  const found = content.schemas.find(({ name }) => name === schema)?.tables.find(({ name }) => name === table)
  const keys = found === undefined ? [] : textKeys(found.ddl, `table ${schema}.${table}`)
  if (keys.length === 0) return error
  const names = keys.map(({ name, collations }) => `${name} (${collations.join(', ')})`)
  return new HoldfastError(
    code,
    `${message}; on the target two texts may be one to ${names.length === 1 ? 'its unique key' : 'one of its unique keys'} ${names.join(', ')}`,
    details,
    {
      cause: error,
      hint: `Change the rows on the source, or leave the table out with --exclude ${formatTableName({ schema, name: table })}.`,
    },
  )
}

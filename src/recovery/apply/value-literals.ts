// Values that the log sets before a statement logged as text, as SQL literals.
import { decimalText } from '../../binlog/packed-decimal.ts'
import type { UserVariableEvent } from '../../binlog/session-value-events.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { Collations } from './collations.ts'

/** `@name:=value`, for SET. Throws UNSUPPORTED for a collation that the target does not know. */
export function userVariableAssignment({ name, value }: UserVariableEvent, collations: Collations): string {
  // Backticks are doubled in names of variables as in others.
  const variable = `@\`${name.replaceAll('`', '``')}\``
  if (value === undefined) return `${variable}:=NULL`
  const { type, charset, bytes, isUnsigned } = value
  switch (type) {
    case 'text': {
      const collation = collations.get(charset)
      if (collation === undefined) {
        throw new HoldfastError(
          'UNSUPPORTED',
          `the target has no collation number ${charset}, which @${name} has`,
        )
      }
      return `${variable}:=_${collation.characterSet} X'${bytes.toString('hex')}' COLLATE ${collation.name}`
    }
    case 'real':
      // The shortest digits that give the same double back, with an exponent: else it would be a DECIMAL.
      return `${variable}:=${bytes.readDoubleLE(0).toExponential()}`
    case 'integer':
      return `${variable}:=${isUnsigned ? bytes.readBigUInt64LE(0) : bytes.readBigInt64LE(0)}`
    case 'decimal':
      break
  }
  // A decimal has two bytes of precision and scale before it.
  return `${variable}:=${decimalText(bytes.subarray(2), bytes.readUInt8(0), bytes.readUInt8(1))}`
}

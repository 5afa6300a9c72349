// Errors on their way between threads: structured clone would keep the message and lose the code.
import type { ErrorCode } from '../../core/error-codes.table.ts'
import { type ErrorDetails, HoldfastError } from '../../core/errors.ts'

export interface PlainError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** Of ours only. */
  readonly own?: { readonly code: ErrorCode; readonly details: ErrorDetails; readonly hint: string }
  readonly cause?: PlainError
}

const longestCauseChain = 5

export function toPlainError(thrown: unknown, depth = 0): PlainError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown), stack: undefined }
  const { name, message, stack, cause } = thrown
  return {
    name,
    message,
    stack,
    ...(thrown instanceof HoldfastError
      ? { own: { code: thrown.code, details: thrown.details, hint: thrown.hint } }
      : {}),
    ...(cause === undefined || depth === longestCauseChain ? {} : { cause: toPlainError(cause, depth + 1) }),
  }
}

/** The same code, message, details, hint, causes and stack; what is not ours becomes a bare Error of that name. */
export function fromPlainError(plain: PlainError): Error {
  const options = plain.cause === undefined ? {} : { cause: fromPlainError(plain.cause) }
  const { own } = plain
  const error =
    own === undefined
      ? Object.assign(new Error(plain.message, options), { name: plain.name })
      : new HoldfastError(own.code, plain.message, own.details, { ...options, hint: own.hint })
  if (plain.stack !== undefined) error.stack = plain.stack
  return error
}

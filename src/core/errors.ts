// The one error class that users meet: a code of the closed table, what happened, and what to do next.
import { type ErrorCode, errorCodes } from './error-codes.table.ts'

export type ErrorDetails = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>

export interface HoldfastErrorOptions {
  readonly cause?: unknown
  /** Replaces the table's hint where more is known, e.g. the exact GRANT to run. */
  readonly hint?: string
}

/**
 * An expected failure. `message` says what happened with names and numbers, in lower case and without a full stop;
 * `hint` says what to do next; `cause` is the error underneath, always kept.
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError'
  readonly code: ErrorCode
  readonly details: ErrorDetails
  readonly hint: string

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
    options: HoldfastErrorOptions = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.details = details
    this.hint = options.hint ?? errorCodes[code].hint
  }

  /** Process exit status of this failure. */
  get exit(): number {
    return errorCodes[this.code].exit
  }
}

/** True when `error` is a HoldfastError with one of `codes` (any code when none is given). */
export function isHoldfastError(error: unknown, ...codes: readonly ErrorCode[]): error is HoldfastError {
  return error instanceof HoldfastError && (codes.length === 0 || codes.includes(error.code))
}

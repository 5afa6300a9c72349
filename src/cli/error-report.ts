// A failure as a person reads it on stderr, and as a program reads it in JSON.
import { HoldfastError } from '../core/errors.ts'

const longestCauseChain = 5

/** What was thrown, as the error that is reported: anything that is not ours is a mistake in Holdfast. */
export function asHoldfastError(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new HoldfastError('BUG', `unexpected: ${message}`, {}, { cause: thrown })
}

/** What the call was about, as far as it could be read. */
export interface CallNames {
  readonly verb?: string | undefined
  /** Of the instance. */
  readonly name?: string | undefined
}

/** Message, causes and hint; the whole stack for a mistake of ours. */
export function errorText(
  error: HoldfastError,
  context: { readonly version: string },
  names: CallNames = {},
): string {
  const lines = [`holdfast: ${error.message}`, ...causes(error).map((cause) => `  because: ${cause}`)]
  if (error.code === 'BUG') {
    lines.push(
      '',
      stackOf(error),
      '',
      'This is a bug in Holdfast; nothing that was committed before is lost.',
    )
    lines.push(
      `Holdfast ${context.version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    )
  }
  lines.push(`  hint: ${hintOf(error, names)}`)
  return lines.join('\n')
}

export function errorJson(error: HoldfastError, names: CallNames = {}): Readonly<Record<string, unknown>> {
  return {
    type: 'error',
    code: error.code,
    exit: error.exit,
    message: error.message,
    hint: hintOf(error, names),
    details: error.details,
    causes: causes(error),
    ...(error.code === 'BUG' ? { stack: stackOf(error) } : {}),
  }
}

/** The hints of the table know no names; whoever reads them has just typed them. */
function hintOf({ hint }: HoldfastError, { verb, name = 'NAME' }: CallNames): string {
  return hint
    .replaceAll('<verb> ', verb === undefined ? '' : `${verb} `)
    .replaceAll('<name>', /^[\w.-]+$/.test(name) ? name : 'NAME')
}

/** What lies beneath, outermost first, without what the message says already. */
function causes(error: HoldfastError): readonly string[] {
  const texts: string[] = []
  let said = error.message
  let cause = error.cause
  for (let depth = 0; depth < longestCauseChain && cause instanceof Error; depth += 1) {
    if (cause.message !== '' && !said.includes(cause.message)) texts.push(cause.message)
    said = cause.message
    cause = cause.cause
  }
  return texts
}

function stackOf(error: HoldfastError): string {
  const origin = error.cause instanceof Error ? error.cause : error
  return origin.stack ?? origin.message
}

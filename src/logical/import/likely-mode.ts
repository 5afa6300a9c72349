// The sql_mode that code was made in, where a dump does not say it.
import type { CodeContent } from '../content.ts'

/** The mode that a statement is kept with, of one that was read in a session with `sqlMode`. */
export type ModeOf = (kind: CodeContent['kind'], statement: Buffer, sqlMode: string) => string

/**
 * Servers print code as it has to be written in its own mode: only ORACLE knows packages and PROCEDURE … AS BEGIN, and names are in double
 * quotes with ANSI_QUOTES. What else its mode had does not show.
 */
export const likelyMode: ModeOf = (kind, statement, sqlMode) => {
  if (kind === 'package' || kind === 'package body') return joined('ORACLE', sqlMode)
  const text = statement.toString('latin1')
  if (!/^CREATE\s+DEFINER\s*=\s*"/i.test(text)) return sqlMode
  return joined(isRoutine(kind) && /\b[AI]S\s+BEGIN\b/i.test(text) ? 'ORACLE' : 'ANSI_QUOTES', sqlMode)
}

function isRoutine(kind: CodeContent['kind']): boolean {
  return kind === 'procedure' || kind === 'function'
}

function joined(mode: string, others: string): string {
  return others === '' ? mode : `${mode},${others}`
}

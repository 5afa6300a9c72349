// Gives views, triggers, routines and events another definer, or the account that creates them.
import { HoldfastError } from '../../core/errors.ts'
import { quoteName } from '../../instance/sql-text.ts'
import { keptStatement } from '../code.ts'
import type { CodeContent } from '../content.ts'
import type { SqlToken } from '../import/sql-tokens.ts'
import { codeText, isSymbol, isWord, kindWordAt, replaced } from './code-text.ts'

export type Definer =
  /** Whoever restores. */
  | { readonly kind: 'strip' }
  /** Without a host: a role. */
  | { readonly kind: 'account'; readonly user: string; readonly host?: string }

/** The same code with its DEFINER clause changed, which servers print before what is created; bodies are never touched. */
export function withDefiner(code: CodeContent, definer: Definer): CodeContent {
  const { bytes, tokens } = codeText(code)
  const head = tokens.slice(0, Math.max(0, kindWordAt(tokens)))
  const at = head.findIndex((token, i) => isWord(token, 'DEFINER') && isSymbol(head[i + 1], '='))
  const clause = definer.kind === 'strip' ? '' : `DEFINER=${definerText(definer)} `
  if (!isAscii(clause) && typeof code.statement !== 'string') {
    throw new HoldfastError(
      'UNSUPPORTED',
      `${code.kind} ${code.name} is not in UTF-8, and so cannot be given a definer whose name is not ASCII`,
      { name: code.name },
    )
  }
  const behind = at < 0 ? clauseEnd(head) : definerEnd(head, at)
  const next = tokens[behind]
  if (next === undefined) return code
  const start = at < 0 ? next.start : (head[at]?.start ?? next.start)
  return { ...code, statement: keptStatement(replaced(bytes, [{ start, end: next.start, text: clause }])) }
}

/** The index behind DEFINER = user[@host]. */
function definerEnd(head: readonly SqlToken[], at: number): number {
  return isSymbol(head[at + 3], '@') ? at + 5 : at + 3
}

/** The index where a DEFINER clause may stand: behind CREATE [OR REPLACE] [ALGORITHM = …]. */
function clauseEnd(head: readonly SqlToken[]): number {
  let at = isWord(head[0], 'CREATE') ? 1 : 0
  if (isWord(head[at], 'OR')) at += 2
  if (isWord(head[at], 'ALGORITHM')) at += 3
  return at
}

function definerText({ user, host }: Definer & { readonly kind: 'account' }): string {
  return host === undefined ? quoteName(user) : `${quoteName(user)}@${quoteName(host)}`
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

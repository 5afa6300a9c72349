// As whom views, triggers, routines and events run: the clauses that servers print before what is created.
import { statementText } from './code.ts'
import type { CodeContent } from './content.ts'

export interface CodeDefiner {
  readonly user: string
  /** Absent for a role, as only MariaDB has them. */
  readonly host?: string
}

const name = '`((?:[^`]|``)*)`'
const head = new RegExp(
  `^CREATE\\b[^\`'"(]*?\\bDEFINER\\s*=\\s*${name}(?:@${name})?( SQL SECURITY INVOKER)?`,
  'i',
)

/** Undefined where none is named. */
export function definerOf(code: CodeContent): CodeDefiner | undefined {
  const [, user, host] = headOf(code) ?? []
  if (user === undefined) return undefined
  return { user: unquoted(user), ...(host === undefined ? {} : { host: unquoted(host) }) }
}

/** Says it before what a view is: routines say it elsewhere. */
export function isInvokersView(code: CodeContent): boolean {
  return headOf(code)?.[3] !== undefined
}

/** `user@host`, or the name of a role. */
export function definerText({ user, host }: CodeDefiner): string {
  return host === undefined ? user : `${user}@${host}`
}

/** Names that are not ASCII are those of the account only where the statement is text. */
function headOf({ statement }: CodeContent): RegExpExecArray | null {
  return head.exec(statementText(statement))
}

function unquoted(quoted: string): string {
  return quoted.replaceAll('``', '`')
}

// Tables whose defaults or checks call a function that the target does not have: it says so, and takes the table without them.
import { HoldfastError } from '../../core/errors.ts'
import { serverErrno } from '../../wire/server-error.ts'
import type { MendTable } from '../create-definitions.ts'
import { type Clause, tableClauses } from '../deferred-indexes/table-clauses.ts'
import {
  type AttributeKind,
  attributeText,
  columnClause,
  columnText,
  withoutAttributes,
} from './column-text.ts'
import { isSymbol, tokensIn } from './ddl-text.ts'
import type { Tell, TranslationEntry } from './report.ts'

const unknownFunction = new Set([
  1305, // ER_SP_DOES_NOT_EXIST
  1901, // ER_GENERATED_COLUMN_FUNCTION_IS_NOT_ALLOWED of MariaDB
  3770, // ER_DEFAULT_VAL_GENERATED_FUNCTION_IS_NOT_ALLOWED of MySQL
  3814, // ER_CHECK_CONSTRAINT_FUNCTION_IS_NOT_ALLOWED
])

/** What is computed by such a function stays, and stops the restore: without it the column would be empty. */
export const mendTable: MendTable = ({ schema, name, ddl }, error) => {
  const called = functionIn(error)
  const parts = tableClauses(ddl)
  if (called === undefined || parts === undefined) return undefined
  const object = `table ${schema}.${name}`
  const why = `: ${called} is not known there`
  const changes: TranslationEntry[] = []
  const without = mendedClauses(parts.clauses, called, object, (severity, what) =>
    changes.push({ object, what: `${what}${why}`, severity }),
  )
  if (changes.length === 0) return undefined
  const clauses = without.filter((text) => text !== undefined)
  return { ddl: `${parts.head}\n  ${clauses.join(',\n  ')}\n${parts.tail}`, changes }
}

function mendedClauses(
  clauses: readonly Clause[],
  called: string,
  object: string,
  tell: Tell,
): readonly (string | undefined)[] {
  return clauses.map((clause) => {
    if (clause.kind === 'check' && calls(clause.text, called, object)) {
      tell('dropped', `check ${/^CONSTRAINT `((?:[^`]|``)*)`/i.exec(clause.text)?.[1] ?? ''}`)
      return undefined
    }
    return clause.kind === 'column' ? mendedColumn(clause.text, called, object, tell) : clause.text
  })
}

function mendedColumn(text: string, called: string, object: string, tell: Tell): string {
  const column = columnText(text, object)
  const kinds: readonly AttributeKind[] = ['default', 'check']
  const refused = kinds.filter((kind) => calls(attributeText(column, kind) ?? '', called, object))
  if (refused.length === 0) return text
  for (const kind of refused) tell('dropped', `column ${column.name}: its ${kind}`)
  return columnClause(withoutAttributes(column, ...refused))
}

function calls(text: string, called: string, object: string): boolean {
  const tokens = tokensIn(text, object)
  return tokens.some(
    (token, at) =>
      (token.kind === 'word' || token.kind === 'name') &&
      token.value.toLowerCase() === called &&
      isSymbol(tokens[at + 1], '('),
  )
}

/** In small letters, as the server names it: '`uuid_to_bin`()', shop.json_detailed, `sformat`. */
function functionIn(error: unknown): string | undefined {
  if (!(error instanceof HoldfastError) || !unknownFunction.has(serverErrno(error) ?? 0)) return undefined
  const [, before, behind] =
    /(?:disallowed function: ['`]*(\w+)|[.'` ](\w+)[`'()]* (?:cannot be used|does not exist))/i.exec(
      error.message,
    ) ?? []
  return (before ?? behind)?.toLowerCase()
}

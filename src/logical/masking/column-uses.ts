// What a table's definition needs a column's values for: keys, foreign keys, checks, partitions.
import { type DdlToken, ddlTokens } from '../deferred-indexes/ddl-tokens.ts'
import { type Clause, tableClauses } from '../deferred-indexes/table-clauses.ts'

export type ColumnUse =
  /** `prefix`: characters or bytes that are compared; absent where all are. */
  | { readonly kind: 'unique'; readonly what: string; readonly prefix?: number }
  | { readonly kind: 'json' }
  /** Nothing may stand in its place. */
  | { readonly kind: 'fixed'; readonly what: string }

/** Undefined for a definition that cannot be read. */
export function columnUses(ddl: string, column: string): readonly ColumnUse[] | undefined {
  const parts = tableClauses(ddl)
  if (parts === undefined) return undefined
  const uses: ColumnUse[] = []
  // A generated column is made of the masked value, so what it is needed for counts as well.
  const generated = parts.clauses.flatMap((clause) =>
    clause.kind === 'column' && clause.name !== column && isMadeOf(clause.text, column) ? [clause.name] : [],
  )
  for (const clause of parts.clauses) {
    const tokens = ddlTokens(clause.text) ?? []
    uses.push(...usesIn(clause, tokens, column))
    for (const name of generated) {
      if (usesIn(clause, tokens, name).some(({ kind }) => kind !== 'json')) {
        uses.push({ kind: 'fixed', what: `generated column ${name}, which has a key or a check,` })
      }
    }
  }
  if (isInPartitions(parts.tail, column)) uses.push({ kind: 'fixed', what: 'the partitioning' })
  return uses
}

function usesIn(clause: Clause, tokens: readonly DdlToken[], column: string): readonly ColumnUse[] {
  if (clause.kind === 'column') return checksIn(clause, tokens, column)
  if (!names(tokens, column)) return []
  if (clause.kind === 'foreign') {
    const end = tokens.findIndex((token) => isWord(token, 'REFERENCES'))
    const own = tokens.slice(
      tokens.findIndex((token) => isWord(token, 'FOREIGN')),
      end,
    )
    return names(own, column) ? [{ kind: 'fixed', what: `foreign key ${clause.name}` }] : []
  }
  if (clause.kind === 'check') return [{ kind: 'fixed', what: 'a CHECK' }]
  if (clause.kind !== 'key') return [{ kind: 'fixed', what: clause.text.split(/\s/, 1)[0] ?? '' }]
  if (clause.type !== 'primary' && clause.type !== 'unique') return []
  const open = tokens.findIndex((token) => token.value === '(')
  const what = clause.type === 'primary' ? 'the primary key' : `unique key ${clause.name}`
  const at = tokens.findIndex((token, index) => index > open && isName(token, column))
  if (at < 0) return []
  if (depthAt(tokens, at) > 1) return [{ kind: 'fixed', what: `${what}, which computes with it,` }]
  const length = tokens[at + 1]?.value === '(' ? Number(tokens[at + 2]?.value) : undefined
  return [{ kind: 'unique', what, ...(length === undefined ? {} : { prefix: length }) }]
}

/** MariaDB writes the CHECK of a column behind it, and a JSON column is a text with such a one. */
function checksIn(
  clause: Clause & { readonly kind: 'column' },
  tokens: readonly DdlToken[],
  column: string,
): readonly ColumnUse[] {
  const at = tokens.findIndex((token) => isWord(token, 'CHECK'))
  if (at < 0 || !names(tokens.slice(at), column)) return []
  const [, open, call, inner, name, close, end] = tokens.slice(at)
  const isJson =
    clause.name === column &&
    open?.value === '(' &&
    isWord(call, 'JSON_VALID') &&
    inner?.value === '(' &&
    isName(name, column) &&
    close?.value === ')' &&
    end?.value === ')'
  return [isJson ? { kind: 'json' } : { kind: 'fixed', what: 'a CHECK' }]
}

/** `c` type GENERATED ALWAYS AS (…); a DEFAULT that names other columns is computed for new rows only. */
function isMadeOf(text: string, column: string): boolean {
  const tokens = ddlTokens(text) ?? []
  const at = tokens.findIndex((token) => isWord(token, 'AS'))
  return at >= 0 && names(tokens.slice(at), column)
}

/** Some lists of columns are printed without backticks, and MySQL prints all of it within a comment. */
function isInPartitions(tail: string, column: string): boolean {
  const at = tail.search(/\bPARTITION\s+BY\b/i)
  if (at < 0) return false
  const words = tail.slice(at).split(/[^\w$\u0080-\uFFFF]+/)
  return words.some((word) => word.toLowerCase() === column.toLowerCase()) || tail.includes(`\`${column}\``)
}

function depthAt(tokens: readonly DdlToken[], at: number): number {
  return tokens.slice(0, at).reduce((depth, { kind, value }) => {
    if (kind !== 'symbol') return depth
    return value === '(' ? depth + 1 : value === ')' ? depth - 1 : depth
  }, 0)
}

function names(tokens: readonly DdlToken[], column: string): boolean {
  return tokens.some((token) => isName(token, column))
}

function isName(token: DdlToken | undefined, column: string): boolean {
  return token?.kind === 'name' && token.value.toLowerCase() === column.toLowerCase()
}

function isWord(token: DdlToken | undefined, word: string): boolean {
  return token?.kind === 'word' && token.value === word
}

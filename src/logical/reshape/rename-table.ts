// The CREATE statement of a table or sequence under another name, with the names of other tables that it needs.
import { HoldfastError } from '../../core/errors.ts'
import type { TableName } from '../../instance/instance-facts.ts'
import { quoteName, quoteQualified } from '../../instance/sql-text.ts'
import { type SqlToken, tokensOf } from '../import/sql-tokens.ts'
import { isSymbol, isWord, type Replacement, replaced } from './code-text.ts'
import { chainsOf } from './rename-code.ts'
import type { Renames } from './renames.ts'

/** @throws HoldfastError UNSUPPORTED where the definition cannot be read for certain */
export function renamedDdl(ddl: string, own: TableName, renames: Renames): string {
  const bytes = Buffer.from(ddl)
  const tokens = tokensOf(bytes)
  const chains = chainsOf(qualifiedOnly(tokens), renames)
  const head = tokens.findIndex((token) => token.kind === 'name')
  const nameToken = tokens[head]
  if (chains === undefined || nameToken === undefined || !isWord(tokens[0], 'CREATE')) throw unreadable(own)
  const to = renames.table(own)
  const replacements: Replacement[] = [
    { start: nameToken.start, end: nameToken.end, text: quoteName(to.name) },
    ...chains,
    ...(to.name === own.name ? [] : constraintNames(tokens, own.name, to.name)),
    ...references(tokens, own, renames),
  ]
  return replaced(
    bytes,
    replacements.toSorted((a, b) => a.start - b.start),
  ).toString()
}

/** `CREATE DATABASE` for another name. */
export function renamedSchemaDdl(ddl: string, to: string): string {
  const bytes = Buffer.from(ddl)
  const name = tokensOf(bytes).find((token) => token.kind === 'name')
  if (name === undefined) throw unreadable({ schema: to, name: '' })
  return replaced(bytes, [{ start: name.start, end: name.end, text: quoteName(to) }]).toString()
}

/** Columns and keys may have the name of a schema; no name alone is one of a schema in a table. */
function qualifiedOnly(tokens: readonly SqlToken[]): readonly SqlToken[] {
  return tokens.map((token, at) =>
    token.kind === 'name' && !isSymbol(tokens[at + 1], '.') && !isSymbol(tokens[at - 1], '.')
      ? { ...token, kind: 'text' }
      : token,
  )
}

/** A foreign key names a table of its own schema without that; the two may part. */
function references(tokens: readonly SqlToken[], own: TableName, renames: Renames): readonly Replacement[] {
  const to = renames.table(own)
  return tokens.flatMap((token, at) => {
    const isAlone = token.kind === 'name' && !isSymbol(tokens[at + 1], '.')
    if (!isAlone || !isWord(tokens[at - 1], 'REFERENCES')) return []
    const other = renames.table({ schema: own.schema, name: token.text })
    const text = other.schema === to.schema ? quoteName(other.name) : quoteQualified(other.schema, other.name)
    return [{ start: token.start, end: token.end, text }]
  })
}

/** Names that the server made of the table's name are made anew: some servers want them different in a schema. */
function constraintNames(tokens: readonly SqlToken[], from: string, to: string): readonly Replacement[] {
  return tokens.flatMap((token, at) => {
    if (token.kind !== 'name' || !isWord(tokens[at - 1], 'CONSTRAINT') || !token.text.startsWith(from))
      return []
    const rest = token.text.slice(from.length)
    if (!/^_(?:ibfk|chk)_\d+$/.test(rest)) return []
    return [{ start: token.start, end: token.end, text: quoteName(`${to}${rest}`) }]
  })
}

function unreadable({ schema, name }: TableName): HoldfastError {
  return new HoldfastError('UNSUPPORTED', `--rename: the definition of ${schema}.${name} cannot be read`, {
    table: `${schema}.${name}`,
  })
}

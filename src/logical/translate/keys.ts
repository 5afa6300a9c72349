// Keys of a table in the form that the target takes, or not at all.

import type { DdlToken } from '../deferred-indexes/ddl-tokens.ts'
import type { KeyClause } from '../deferred-indexes/table-clauses.ts'
import { closingAt, edited, isSymbol, isWord, textOfTokens, tokensIn } from './ddl-text.ts'
import type { TableContext } from './table-context.ts'

/** A period of a table, by which rows hold from one of its columns to the other. */
export interface Period {
  readonly name: string
  readonly start: string
  readonly end: string
}

export interface KeySurroundings {
  readonly periods: readonly Period[]
  /** Columns that the target does not have. */
  readonly dropped: ReadonlySet<string>
  readonly generated: ReadonlySet<string>
}

/** Undefined where the target cannot have the key. */
export function translatedKey(
  key: KeyClause,
  { periods, dropped, generated }: KeySurroundings,
  context: TableContext,
): string | undefined {
  const { features, tell } = context
  const name = key.type === 'primary' ? 'primary key' : `key ${key.name}`
  const lost = key.type === 'unique' ? ', and with it that its values are unique' : ''
  if (!features.functionalKeys && hasExpression(key, context)) {
    tell('dropped', `${name}${lost}: it is over an expression`)
    return undefined
  }
  if (!features.longUniqueKeys && isLongUnique(key, context)) {
    tell('dropped', `${name}${lost}: it is over a whole text`)
    return undefined
  }
  const steps = [unused, withoutParser, withoutOptions]
  const whole = withoutPeriod(key.text, name, periods, context)
  const text = withoutColumns(whole, dropped, context)
  if (text === undefined) return undefined
  const translated = steps.reduce((one, step) => step(one, name, context), text)
  return key.type === 'primary' ? withoutGenerated(translated, generated, context) : translated
}

/** Servers add the end of a row's life to each unique key of a versioned table. */
function withoutColumns(
  text: string,
  dropped: ReadonlySet<string>,
  { object }: TableContext,
): string | undefined {
  const { tokens, open, close } = partsOf(text, object)
  const kept: string[] = []
  let from = open + 1
  for (let at = open + 1, depth = 0; at <= close; at++) {
    if (isSymbol(tokens[at], '(')) depth++
    if (at < close && isSymbol(tokens[at], ')')) depth--
    if (at < close && !(depth === 0 && isSymbol(tokens[at], ','))) continue
    const part = tokens.slice(from, at)
    if (part[0]?.kind !== 'name' || !dropped.has(part[0].value)) kept.push(textOfTokens(text, part))
    from = at + 1
  }
  const [first, last] = [tokens[open], tokens[close]]
  if (kept.length === 0 || first === undefined || last === undefined) return undefined
  return edited(text, [{ start: first.end, end: last.start, text: kept.join(',') }])
}

/** ER_PRIMARY_KEY_BASED_ON_GENERATED_COLUMN of MariaDB. */
function withoutGenerated(
  text: string,
  generated: ReadonlySet<string>,
  { object, target, isOtherFlavour, tell }: TableContext,
): string {
  const { tokens } = partsOf(text, object)
  const isGenerated = tokens.some(({ kind, value }) => kind === 'name' && generated.has(value))
  if (!isOtherFlavour || target.flavour !== 'mariadb' || !isGenerated) return text
  tell('changed', 'its primary key is a unique key there, for it is over a generated column')
  return text.replace(/^PRIMARY KEY/i, 'UNIQUE KEY `primary_key`')
}

function partsOf(
  text: string,
  object: string,
): { readonly tokens: readonly DdlToken[]; readonly open: number; readonly close: number } {
  const tokens = tokensIn(text, object)
  const open = tokens.findIndex((token) => isSymbol(token, '('))
  return { tokens, open, close: closingAt(tokens, open) }
}

function hasExpression({ text }: KeyClause, { object }: TableContext): boolean {
  const { tokens, open, close } = partsOf(text, object)
  return tokens.some(
    (token, at) =>
      at > open && at < close && isSymbol(token, '(') && (at === open + 1 || isSymbol(tokens[at - 1], ',')),
  )
}

/** MariaDB keeps a hash for them. Elsewhere USING HASH is a wish. */
function isLongUnique({ type, text }: KeyClause, { object, source }: TableContext): boolean {
  const { tokens, close } = partsOf(text, object)
  const isHash = tokens.some(
    (token, at) => at > close && isWord(token, 'HASH') && isWord(tokens[at - 1], 'USING'),
  )
  return source.flavour === 'mariadb' && type === 'unique' && isHash
}

function unused(text: string, _name: string, { object, features }: TableContext): string {
  const { tokens, close } = partsOf(text, object)
  const edits = tokens
    .filter((token, at) => at > close && isWord(token, 'INVISIBLE', 'IGNORED'))
    .map(({ start, end }) => ({ start, end, text: features.unusedKey }))
  return edited(text, edits)
}

function withoutParser(text: string, name: string, { object, features, tell }: TableContext): string {
  const { tokens, close } = partsOf(text, object)
  const at = tokens.findIndex(
    (token, i) => i > close && isWord(token, 'WITH') && isWord(tokens[i + 1], 'PARSER'),
  )
  const [first, last] = [tokens[at], tokens[at + 2]]
  if (features.fulltextParsers || at < 0 || first === undefined || last === undefined) return text
  tell('differs', `${name}: finds words without the parser ${last.value}`)
  return edited(text, [{ start: first.start, end: last.end, text: '' }]).trimEnd()
}

/** Options of engines: `CLUSTERING`=yes, ENGINE_ATTRIBUTE='{}'. */
function withoutOptions(text: string, name: string, { object, tell, isOtherFlavour }: TableContext): string {
  if (!isOtherFlavour) return text
  const { tokens, close } = partsOf(text, object)
  const edits = tokens.flatMap((token, at) => {
    const [sign, value] = [tokens[at + 1], tokens[at + 2]]
    const isPlain = isWord(token, 'KEY_BLOCK_SIZE')
    if (at <= close || isPlain || !isSymbol(sign, '=') || value === undefined) return []
    tell('dropped', `${name}: ${text.slice(token.start, value.end)}`)
    return [{ start: token.start, end: value.end, text: '' }]
  })
  return edited(text, edits).trimEnd()
}

/** A key WITHOUT OVERLAPS becomes one over both ends of the period. */
function withoutPeriod(
  text: string,
  name: string,
  periods: readonly Period[],
  { object, features, tell }: TableContext,
): string {
  const tokens = tokensIn(text, object)
  const at = tokens.findIndex((token) => isWord(token, 'WITHOUT'))
  const period = periods.find((one) => one.name === tokens[at - 1]?.value)
  const [first, last] = [tokens[at - 1], tokens[at + 1]]
  if (features.systemVersioning || period === undefined || first === undefined || last === undefined)
    return text
  tell('changed', `${name}: periods of one key may overlap`)
  const columns = [period.start, period.end].map((column) => `\`${column.replaceAll('`', '``')}\``)
  return edited(text, [{ start: first.start, end: last.end, text: columns.join(',') }])
}

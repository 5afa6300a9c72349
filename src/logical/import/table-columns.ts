// What a CREATE TABLE statement says about the columns and the engine, as far as rows need it.
import type { Flavour } from '../../core/flavour.ts'
import { releaseNumber } from '../../instance/server-release.ts'
import type { ColumnFacts } from '../dialect.ts'
import { type IsRun, type SqlToken, tokensOf } from './sql-tokens.ts'

export interface DumpedColumn extends ColumnFacts {
  /** Undefined for what holds no characters. */
  readonly charset: string | undefined
  readonly isInvisible: boolean
  /** Of an ENUM or SET. */
  readonly members: readonly string[]
}

export interface DumpedTable {
  readonly name: string
  readonly columns: readonly DumpedColumn[]
  readonly engine: string
  /** MariaDB: WITH SYSTEM VERSIONING. */
  readonly isVersioned: boolean
  readonly isWithoutOverlaps: boolean
  /** Of columns: they cannot be told from what else a definition says. */
  readonly hasBareNames: boolean
  /** MariaDB: shown as a table by programs that do not know sequences. */
  readonly isSequence: boolean
}

const characterTypes = new Set(
  'char varchar tinytext text mediumtext longtext enum set nchar nvarchar character'.split(' '),
)

/** Other names of types, as old or foreign definitions have them. */
const synonyms: Readonly<Record<string, string>> = {
  integer: 'int',
  numeric: 'decimal',
  dec: 'decimal',
  fixed: 'decimal',
  real: 'double',
  bool: 'tinyint',
  boolean: 'tinyint',
  character: 'char',
  nchar: 'char',
  nvarchar: 'varchar',
}

/** What else than a column a definition has in its parentheses, by its first word. All but PERIOD are reserved. */
const clauses = new Set(
  'PRIMARY UNIQUE KEY INDEX FULLTEXT SPATIAL VECTOR CONSTRAINT FOREIGN CHECK PERIOD LIKE'.split(' '),
)

/** What the conditional comments of a dump hold for a server of this version. MariaDB skips those of MySQL 5.7 to 9.9. */
export function runOn(flavour: Flavour, serverVersion: string): IsRun {
  const release = releaseNumber(serverVersion)
  return (version) => {
    const isMariadb = version.startsWith('M')
    if (isMariadb && flavour !== 'mariadb') return false
    const number = Number(isMariadb ? version.slice(1) : version)
    if (flavour === 'mariadb' && !isMariadb && number >= 50_700 && number <= 99_999) return false
    return number <= release
  }
}

/** Undefined where the statement is no CREATE TABLE with columns. */
export function parseCreateTable(ddl: Buffer, isRun: IsRun): DumpedTable | undefined {
  const tokens = tokensOf(ddl, { isRun })
  let at = tokens.findIndex((token) => isWord(token, 'TABLE')) + 1
  if (at === 0) return undefined
  if (isWord(tokens[at], 'IF')) at += 3
  let name = tokens[at++]?.text ?? ''
  if (isSymbol(tokens[at], '.')) {
    name = tokens[at + 1]?.text ?? ''
    at += 2
  }
  if (!isSymbol(tokens[at], '(')) return undefined
  const { items, end } = itemsOf(tokens, at)
  const options = tokens.slice(end)
  const defaultCharset = charsetOf(options, 'latin1')
  const columns = items.flatMap((item) => {
    const column = parseColumn(item, ddl, defaultCharset)
    return column === undefined ? [] : [column]
  })
  const engineAt = options.findIndex((token) => isWord(token, 'ENGINE'))
  const engine = engineAt < 0 ? undefined : options[engineAt + (isSymbol(options[engineAt + 1], '=') ? 2 : 1)]
  return {
    name,
    columns,
    engine: engine?.text ?? 'InnoDB',
    isVersioned: hasWords(options, 'WITH', 'SYSTEM', 'VERSIONING'),
    isSequence: hasWords(options, 'SEQUENCE'),
    hasBareNames: items.some(([first]) => first?.kind === 'word' && !clauses.has(first.text.toUpperCase())),
    isWithoutOverlaps: items.some((item) => hasWords(item, 'WITHOUT', 'OVERLAPS')),
  }
}

/** The parts between the commas of a list in parentheses that opens at `open`. */
function itemsOf(tokens: readonly SqlToken[], open: number) {
  const items: SqlToken[][] = [[]]
  let depth = 0
  let at = open
  for (; at < tokens.length; at++) {
    const token = tokens[at]
    if (token === undefined) break
    if (isSymbol(token, '(') && ++depth === 1) continue
    if (isSymbol(token, ')') && --depth === 0) break
    if (isSymbol(token, ',') && depth === 1) items.push([])
    else items.at(-1)?.push(token)
  }
  return { items, end: at + 1 }
}

function parseColumn(
  item: readonly SqlToken[],
  ddl: Buffer,
  defaultCharset: string,
): DumpedColumn | undefined {
  const [nameToken, typeToken, next] = item
  // Columns are always in backticks in what SHOW CREATE TABLE writes; keys and constraints begin with a word.
  if (nameToken?.kind !== 'name' || typeToken?.kind !== 'word') return undefined
  const isDoublePrecision = isWord(typeToken, 'DOUBLE') && isWord(next, 'PRECISION')
  const named = typeToken.text.toLowerCase()
  const type = synonyms[named] ?? named
  let rest = item.slice(isDoublePrecision ? 3 : 2)
  const members: string[] = []
  let typeEnd = typeToken.end
  if (isSymbol(rest[0], '(')) {
    const close = rest.findIndex((token) => isSymbol(token, ')'))
    for (const token of rest.slice(1, close)) if (token.kind === 'text') members.push(token.text)
    typeEnd = rest[close]?.end ?? typeEnd
    rest = rest.slice(close + 1)
  }
  const generatedAt = rest.findIndex(
    (token, at) => isWord(token, 'AS') && (isSymbol(rest[at + 1], '(') || isWord(rest[at + 1], 'ROW')),
  )
  const isRowTime = generatedAt >= 0 && isWord(rest[generatedAt + 1], 'ROW')
  const attributes =
    generatedAt < 0 ? rest : [...rest.slice(0, generatedAt), ...afterExpression(rest, generatedAt)]
  return {
    name: nameToken.text,
    type,
    fullType: ddl.toString('utf8', typeToken.start, typeEnd),
    extra: generatedAt < 0 || isRowTime ? '' : 'STORED GENERATED',
    generation: isRowTime ? `ROW ${rest[generatedAt + 2]?.text.toUpperCase() ?? ''}` : '',
    charset: characterTypes.has(type) ? columnCharset(attributes, defaultCharset) : undefined,
    isInvisible: attributes.some((token) => isWord(token, 'INVISIBLE')),
    members,
  }
}

/** What follows the expression in parentheses behind AS. */
function afterExpression(tokens: readonly SqlToken[], as: number): readonly SqlToken[] {
  if (!isSymbol(tokens[as + 1], '(')) return tokens.slice(as + 3)
  return tokens.slice(itemsOf(tokens, as + 1).end)
}

function columnCharset(attributes: readonly SqlToken[], defaultCharset: string): string {
  // Up to the default, whose text may be an expression with a character set of its own.
  const stop = attributes.findIndex(
    (token) => isWord(token, 'DEFAULT') || isWord(token, 'COMMENT') || isWord(token, 'CHECK'),
  )
  return charsetOf(stop < 0 ? attributes : attributes.slice(0, stop), defaultCharset)
}

function charsetOf(tokens: readonly SqlToken[], otherwise: string): string {
  for (const [at, token] of tokens.entries()) {
    const isSet = isWord(token, 'CHARACTER') && isWord(tokens[at + 1], 'SET')
    if (!isSet && !isWord(token, 'CHARSET')) continue
    const value = tokens.slice(at + (isSet ? 2 : 1)).find((candidate) => !isSymbol(candidate, '='))
    if (value !== undefined) return value.text.toLowerCase()
  }
  for (const [at, token] of tokens.entries()) {
    if (!isWord(token, 'COLLATE')) continue
    const value = tokens.slice(at + 1).find((candidate) => !isSymbol(candidate, '='))
    if (value !== undefined) return value.text.toLowerCase().split('_')[0] ?? otherwise
  }
  return otherwise
}

function hasWords(tokens: readonly SqlToken[], ...words: readonly string[]): boolean {
  return tokens.some((_, at) => words.every((word, i) => isWord(tokens[at + i], word)))
}

function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === word
}

function isSymbol(token: SqlToken | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.text === symbol
}

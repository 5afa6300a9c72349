// What a CREATE TABLE is made of: columns, keys, foreign keys and the rest, each with its text.
import type { TableName } from '../../instance/instance-facts.ts'
import { type DdlToken, ddlTokens } from './ddl-tokens.ts'

interface ClauseText {
  readonly text: string
}

export interface ColumnClause extends ClauseText {
  readonly kind: 'column'
  readonly name: string
  readonly isAutoIncrement: boolean
}

export interface KeyClause extends ClauseText {
  readonly kind: 'key'
  readonly type: 'primary' | 'unique' | 'plain' | 'fulltext' | 'spatial'
  /** '' of the primary key. */
  readonly name: string
  /** Of the first column; '' where that is an expression. */
  readonly firstColumn: string
  /** Nothing but columns, prefixes, directions and options that mean the same in an ALTER TABLE. */
  readonly isPlain: boolean
}

export interface ForeignClause extends ClauseText {
  readonly kind: 'foreign'
  readonly name: string
  /** The table it points to; without a schema where it is the own one. */
  readonly references: Omit<TableName, 'schema'> & { readonly schema?: string }
}

export type Clause =
  | ColumnClause
  | KeyClause
  | ForeignClause
  | ({ readonly kind: 'check' | 'unknown' } & ClauseText)

export interface TableClauses {
  /** With the opening parenthesis. */
  readonly head: string
  readonly clauses: readonly Clause[]
  /** From the closing parenthesis on. */
  readonly tail: string
  /** InnoDB, neither partitioned nor with periods or versions of its rows. */
  readonly isOrdinary: boolean
}

/** Undefined where it is not a CREATE TABLE as servers print them. */
export function tableClauses(ddl: string): TableClauses | undefined {
  const tokens = ddlTokens(ddl)
  const open = tokens?.findIndex((token) => isSymbol(token, '(')) ?? -1
  if (tokens === undefined || open < 0 || !isWord(tokens[0], 'CREATE')) return undefined
  const parts = splitAtCommas(tokens, open)
  const first = tokens[open]
  if (parts === undefined || first === undefined) return undefined
  const last = parts.close
  const clauses: Clause[] = []
  for (const part of parts.items) {
    const clause = clauseOf(ddl, part)
    if (clause === undefined) return undefined
    clauses.push(clause)
  }
  const options = tokens.filter(({ start }) => start > last.start)
  return {
    head: ddl.slice(0, first.end),
    clauses,
    tail: ddl.slice(last.start),
    isOrdinary: isOrdinary(options) && !clauses.some((clause) => isPeriod(clause)),
  }
}

/** The same table without the clauses for which `isLeftOut`. */
export function createWithout({ head, clauses, tail }: TableClauses, leftOut: ReadonlySet<Clause>): string {
  const kept = clauses.filter((clause) => !leftOut.has(clause)).map(({ text }) => `\n  ${text}`)
  return `${head}${kept.join(',')}\n${tail}`
}

function isOrdinary(options: readonly DdlToken[]): boolean {
  const engine = options.findIndex((token) => isWord(token, 'ENGINE'))
  const isInnodb = isSymbol(options[engine + 1], '=') && isWord(options[engine + 2], 'INNODB')
  // MySQL prints partitions within a comment.
  return (
    engine >= 0 &&
    isInnodb &&
    !options.some(
      (token) =>
        isWord(token, 'PARTITION') ||
        isWord(token, 'VERSIONING') ||
        (token.kind === 'comment' && /PARTITION|VERSIONING/i.test(token.value)),
    )
  )
}

function isPeriod(clause: Clause): boolean {
  return clause.kind === 'unknown' && /^PERIOD\b/i.test(clause.text)
}

interface Parts {
  readonly items: readonly (readonly DdlToken[])[]
  readonly close: DdlToken
}

/** What stands between the parenthesis at `open` and its end, cut at the commas that are in no other parentheses. */
function splitAtCommas(tokens: readonly DdlToken[], open: number): Parts | undefined {
  const items: DdlToken[][] = []
  let item: DdlToken[] = []
  let depth = 1
  for (const token of tokens.slice(open + 1)) {
    if (isSymbol(token, '(')) depth++
    if (isSymbol(token, ')')) depth--
    if (depth === 0) return { items: [...items, item], close: token }
    if (depth === 1 && isSymbol(token, ',')) {
      items.push(item)
      item = []
    } else item.push(token)
  }
  return undefined
}

function clauseOf(ddl: string, tokens: readonly DdlToken[]): Clause | undefined {
  const [first] = tokens
  const last = tokens.at(-1)
  if (first === undefined || last === undefined) return undefined
  const text = ddl.slice(first.start, last.end)
  if (first.kind === 'name') return columnOf(text, first.value, tokens)
  const key = keyOf(text, tokens)
  if (key !== undefined) return key
  const isNamed = isWord(first, 'CONSTRAINT')
  const body = isNamed ? tokens.slice(2) : tokens
  if (isWord(body[0], 'CHECK')) return { kind: 'check', text }
  return foreignOf(text, isNamed ? tokens[1] : undefined, body) ?? { kind: 'unknown', text }
}

/** Servers print keys as clauses of their own: where a column has one, somebody else wrote this. */
function columnOf(text: string, name: string, tokens: readonly DdlToken[]): ColumnClause | undefined {
  if (tokens.some((token) => ['UNIQUE', 'KEY', 'REFERENCES'].some((word) => isWord(token, word))))
    return undefined
  return {
    kind: 'column',
    text,
    name,
    isAutoIncrement: tokens.some((token) => isWord(token, 'AUTO_INCREMENT')),
  }
}

const keyTypes: Readonly<Record<string, KeyClause['type']>> = {
  PRIMARY: 'primary',
  UNIQUE: 'unique',
  FULLTEXT: 'fulltext',
  SPATIAL: 'spatial',
}

function keyOf(text: string, tokens: readonly DdlToken[]): KeyClause | undefined {
  const typed = keyTypes[wordOf(tokens[0]) ?? '']
  const type = typed ?? 'plain'
  let at = typed === undefined ? 0 : 1
  if (!isWord(tokens[at], 'KEY')) return undefined
  at++
  const name = type === 'primary' ? '' : tokens[at++]
  if (name === undefined || (typeof name !== 'string' && name.kind !== 'name')) return undefined
  if (!isSymbol(tokens[at], '(')) return undefined
  const parts = splitAtCommas(tokens, at)
  if (parts === undefined) return undefined
  const first = parts.items[0]?.[0]
  const options = tokens.slice(tokens.indexOf(parts.close) + 1)
  return {
    kind: 'key',
    text,
    type,
    name: typeof name === 'string' ? name : name.value,
    firstColumn: first?.kind === 'name' ? first.value : '',
    isPlain: parts.items.every(isPlainPart) && hasPlainOptions(options),
  }
}

/** `c`, `c`(10), `c` DESC */
function isPlainPart([column, ...rest]: readonly DdlToken[]): boolean {
  const direction = ['ASC', 'DESC'].includes(wordOf(rest.at(-1)) ?? '') ? rest.slice(0, -1) : rest
  const [open, length, close, ...more] = direction
  const isPrefix = isSymbol(open, '(') && /^\d+$/.test(length?.value ?? '') && isSymbol(close, ')')
  return column?.kind === 'name' && (direction.length === 0 || (isPrefix && more.length === 0))
}

function hasPlainOptions(options: readonly DdlToken[]): boolean {
  for (let at = 0; at < options.length; ) {
    const [option, value] = [options[at], options[at + 1]]
    const isComment = isWord(option, 'COMMENT') && value?.kind === 'text'
    const isTree = isWord(option, 'USING') && isWord(value, 'BTREE')
    const isParser = option?.kind === 'comment' && /^\/\*!\d* WITH PARSER `\w+` \*\/$/.test(option.value)
    if (isParser) at++
    else if (isComment || isTree) at += 2
    else return false
  }
  return true
}

function foreignOf(
  text: string,
  name: DdlToken | undefined,
  body: readonly DdlToken[],
): ForeignClause | undefined {
  const at = body.findIndex((token) => isWord(token, 'REFERENCES'))
  const [one, dot, two] = body.slice(at + 1)
  if (!isWord(body[0], 'FOREIGN') || at < 0 || name?.kind !== 'name' || one?.kind !== 'name') return undefined
  const isQualified = isSymbol(dot, '.') && two?.kind === 'name'
  const references = isQualified ? { schema: one.value, name: two.value } : { name: one.value }
  return { kind: 'foreign', text, name: name.value, references }
}

function isWord(token: DdlToken | undefined, word: string): boolean {
  return wordOf(token) === word
}

function wordOf(token: DdlToken | undefined): string | undefined {
  return token?.kind === 'word' ? token.value : undefined
}

function isSymbol(token: DdlToken | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.value === symbol
}

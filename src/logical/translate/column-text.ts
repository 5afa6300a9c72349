// One column of a CREATE TABLE as servers print it: its type, and its attributes one by one.
import { quoteName } from '../../instance/sql-text.ts'
import type { DdlToken } from '../deferred-indexes/ddl-tokens.ts'
import { closingAt, isSymbol, isWord, textOfTokens, tokensIn } from './ddl-text.ts'

const attributeKinds = [
  'unsigned',
  'zerofill',
  'charset',
  'collate',
  'not null',
  'null',
  'default',
  'on update',
  'auto_increment',
  'comment',
  'generated',
  'stored',
  'invisible',
  'check',
  'srid',
  'compressed',
  'layout',
  'engine',
  'versioning',
] as const

export type AttributeKind = (typeof attributeKinds)[number]

export interface ColumnAttribute {
  readonly kind: AttributeKind
  readonly text: string
}

export interface ColumnText {
  readonly name: string
  /** In lower case. */
  readonly type: string
  /** With its parentheses; '' where there is none. */
  readonly size: string
  readonly attributes: readonly ColumnAttribute[]
}

export function columnText(text: string, object: string): ColumnText {
  const tokens = tokensIn(text, object)
  const [name, type] = tokens
  let at = 2
  let size = ''
  if (isSymbol(tokens[at], '(')) {
    const close = closingAt(tokens, at)
    size = textOfTokens(text, tokens.slice(at, close + 1))
    at = close + 1
  }
  const groups: { kind: AttributeKind; tokens: DdlToken[] }[] = []
  for (let depth = 0; at < tokens.length; at++) {
    const token = tokens[at]
    if (token === undefined) break
    const kind = depth === 0 ? startedBy(tokens, at) : undefined
    if (kind !== undefined) groups.push({ kind, tokens: [] })
    groups.at(-1)?.tokens.push(token)
    if (isSymbol(token, '(')) depth++
    if (isSymbol(token, ')')) depth--
  }
  return {
    name: name?.value ?? '',
    type: (type?.value ?? '').toLowerCase(),
    size,
    attributes: groups.map(({ kind, tokens: own }) => ({ kind, text: textOfTokens(text, own) })),
  }
}

export function columnClause({ name, type, size, attributes }: ColumnText): string {
  return [`${quoteName(name)} ${type}${size}`, ...attributes.map(({ text }) => text)].join(' ')
}

export function hasAttribute({ attributes }: ColumnText, ...kinds: readonly AttributeKind[]): boolean {
  return attributes.some(({ kind }) => kinds.includes(kind))
}

export function attributeText({ attributes }: ColumnText, wanted: AttributeKind): string | undefined {
  return attributes.find(({ kind }) => kind === wanted)?.text
}

export function withoutAttributes(column: ColumnText, ...kinds: readonly AttributeKind[]): ColumnText {
  return { ...column, attributes: column.attributes.filter(({ kind }) => !kinds.includes(kind)) }
}

export function withAttribute(column: ColumnText, wanted: AttributeKind, text: string): ColumnText {
  const attributes = column.attributes.map((one) => (one.kind === wanted ? { ...one, text } : one))
  return { ...column, attributes }
}

const single: Readonly<Record<string, AttributeKind>> = {
  UNSIGNED: 'unsigned',
  ZEROFILL: 'zerofill',
  COLLATE: 'collate',
  DEFAULT: 'default',
  AUTO_INCREMENT: 'auto_increment',
  COMMENT: 'comment',
  GENERATED: 'generated',
  VIRTUAL: 'stored',
  STORED: 'stored',
  PERSISTENT: 'stored',
  INVISIBLE: 'invisible',
  CHECK: 'check',
  SRID: 'srid',
  REF_SYSTEM_ID: 'srid',
  COMPRESSED: 'compressed',
  COLUMN_FORMAT: 'layout',
  STORAGE: 'layout',
  ENGINE_ATTRIBUTE: 'engine',
  SECONDARY_ENGINE_ATTRIBUTE: 'engine',
  WITHOUT: 'versioning',
  WITH: 'versioning',
}

/** The attribute that begins at this token. */
function startedBy(tokens: readonly DdlToken[], at: number): AttributeKind | undefined {
  const [token, before, after] = [tokens[at], tokens[at - 1], tokens[at + 1]]
  if (token?.kind !== 'word') return undefined
  if (token.value === 'CHARACTER') return isWord(after, 'SET') ? 'charset' : undefined
  if (token.value === 'NOT') return isWord(after, 'NULL') ? 'not null' : undefined
  if (token.value === 'NULL') return isWord(before, 'NOT', 'DEFAULT') ? undefined : 'null'
  if (token.value === 'ON') return isWord(after, 'UPDATE') ? 'on update' : undefined
  // What follows these words is theirs, whatever it is.
  if (isWord(before, 'COMMENT', 'DEFAULT', 'COLLATE', 'SET')) return undefined
  return Object.hasOwn(single, token.value) ? single[token.value] : undefined
}

// The columns of a CREATE TABLE as servers print it, with what is needed to read a value of each.
import { HoldfastError } from '../core/errors.ts'
import { ddlTokens } from './deferred-indexes/ddl-tokens.ts'
import { tableClauses } from './deferred-indexes/table-clauses.ts'
import { attributeText, columnText, hasAttribute } from './translate/column-text.ts'
import { unwrapped } from './translate/ddl-text.ts'

export interface DefinedColumn {
  readonly name: string
  /** In lower case. */
  readonly type: string
  /** The numbers behind the type: length, precision and scale; empty for ENUM and SET. */
  readonly size: readonly number[]
  readonly isUnsigned: boolean
  /** `binary` for bytes; undefined for what is no text, and where the definition does not tell. */
  readonly charset: string | undefined
  /** Of ENUM and SET. */
  readonly labels: readonly string[] | undefined
}

/** Undefined for a statement that cannot be read. */
export function definedColumns(ddl: string): readonly DefinedColumn[] | undefined {
  try {
    const parts = tableClauses(unwrapped(ddl, 'table'))
    if (parts === undefined) return undefined
    const tableCharset = /\bDEFAULT CHARSET=(\w+)/i.exec(parts.tail)?.[1]
    return parts.clauses
      .filter(({ kind }) => kind === 'column')
      .map((clause) => definedColumn(clause.text, tableCharset))
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'UNSUPPORTED') return undefined
    throw error
  }
}

const textTypes = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'set'])
const byteTypes = /^(?:(?:var)?binary|(?:tiny|medium|long)?blob|uuid|inet[46]|vector)$/

function definedColumn(text: string, tableCharset: string | undefined): DefinedColumn {
  const column = columnText(text, 'table')
  const { name, type, size } = column
  const own = /(\w+)\s*$/.exec(attributeText(column, 'charset') ?? '')?.[1]
  // A collation begins with the name of its character set; but MariaDB's newest fit several.
  const collation = /(\w+?)_/.exec(attributeText(column, 'collate')?.replace(/^COLLATE\s+/i, '') ?? '')?.[1]
  const isCollated = collation !== undefined && collation !== 'uca1400'
  const textCharset = own ?? (isCollated ? collation : tableCharset)
  const isLabelled = type === 'enum' || type === 'set'
  return {
    name,
    type,
    size: isLabelled ? [] : (size.match(/\d+/g) ?? []).map(Number),
    isUnsigned: hasAttribute(column, 'unsigned', 'zerofill'),
    charset: textTypes.has(type) ? textCharset : byteTypes.test(type) ? 'binary' : undefined,
    labels: isLabelled ? labelsOf(size) : undefined,
  }
}

function labelsOf(size: string): readonly string[] | undefined {
  return ddlTokens(size)?.flatMap(({ kind, value }) => (kind === 'text' ? [unescaped(value)] : []))
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0', Z: '\u001A' }

/** A literal without its quotes. */
function unescaped(literal: string): string {
  return literal
    .slice(1, -1)
    .replaceAll(/\\(.)|''/gs, (_, character: string | undefined) =>
      character === undefined ? "'" : (escapes[character] ?? character),
    )
}

// Which names stand in a statement: what a DDL touches is nowhere in the log but in its text.

/** A name, or a schema and a name, without quotes. Words of SQL are among the names: which are which takes a server to know. */
export type StatementName = readonly [name: string] | readonly [schema: string, name: string]

const token = new RegExp(
  [
    // Comments but for the marks of those that are code, /*! and /*M!, with the version they are meant for.
    String.raw`/\*(?!M?!)[^]*?(?:\*/|$)|/\*M?!\d*|\*/|(?:--(?=\s|$)|#)[^\n]*`,
    String.raw`'(?:[^'\\]|\\[^]|'')*(?:'|$)`,
    '(?<quoted>`(?:[^`]|``)*`|"(?:[^"]|"")*")',
    // mysql.com: "Schema Object Names", permitted characters in unquoted identifiers.
    String.raw`(?<word>[0-9A-Za-z$_\u0080-\uffff]+)`,
    String.raw`(?<dot>\.)|\s+|[^]`,
  ].join('|'),
  'g',
)

/** In the order of the text. Double quotes may hold a name (ANSI_QUOTES) or a text, and are taken for a name. */
export function* statementNames(statement: string): Generator<StatementName> {
  let parts: string[] = []
  let isOpen = false
  for (const { 0: text, groups = {} } of statement.matchAll(token)) {
    const { quoted, word, dot } = groups
    if (dot !== undefined) {
      isOpen = parts.length > 0
    } else if (quoted !== undefined || word !== undefined) {
      if (!isOpen) yield* nameOf(parts)
      parts = [...(isOpen ? parts : []), word ?? unquoted(text)]
      isOpen = false
    } else if (!isSpace(text)) {
      yield* nameOf(parts)
      parts = []
      isOpen = false
    }
  }
  yield* nameOf(parts)
}

function isSpace(text: string): boolean {
  return text.trim() === '' || /^(?:\/\*|--|#)/.test(text)
}

/** Behind a schema and a table only a column can follow. */
function nameOf([first, second]: readonly string[]): readonly StatementName[] {
  if (first === undefined) return []
  return second === undefined ? [[first]] : [[first, second]]
}

function unquoted(text: string): string {
  const quote = text.charAt(0)
  return text.slice(1, -1).replaceAll(quote + quote, quote)
}

/**
 * True when a statement that ran in `defaultSchema` names `wanted`, which is `schema.table` or a schema; compared without regard to case.
 * Says true for some that touch it not, and never false for one that does by its name or by that of its schema (DROP DATABASE).
 */
export function namesTable(statement: string, defaultSchema: string, wanted: string): boolean {
  const sought = wanted.toLowerCase()
  const home = defaultSchema.toLowerCase()
  if (home === sought) return true
  const names = [...statementNames(statement)]
  const isOfSchema = changesSchema(names)
  return names.some(([first, second]) => {
    const name = first.toLowerCase()
    if (name === sought || (isOfSchema && sought.startsWith(`${name}.`))) return true
    return second === undefined ? `${home}.${name}` === sought : `${name}.${second.toLowerCase()}` === sought
  })
}

/**
 * What a statement that ran in `defaultSchema` may name, in lower case: `schema.table` of each, and `schema.` where it is about a whole schema
 * (DROP DATABASE). Words that are no names are among them.
 */
export function* namedTables(statement: string, defaultSchema: string): Generator<string> {
  const names = [...statementNames(statement)]
  const isOfSchema = changesSchema(names)
  for (const [first, second] of names) {
    yield (second === undefined ? `${defaultSchema}.${first}` : `${first}.${second}`).toLowerCase()
    if (isOfSchema) yield `${first}.`.toLowerCase()
  }
}

/** CREATE OR REPLACE DATABASE has the longest way to its second word. */
function changesSchema(names: readonly StatementName[]): boolean {
  const [verb = '', ...words] = names
    .slice(0, 4)
    .map(([word, more]) => (more === undefined ? word : '').toUpperCase())
  return (
    ['CREATE', 'ALTER', 'DROP'].includes(verb) &&
    words.some((word) => word === 'DATABASE' || word === 'SCHEMA')
  )
}

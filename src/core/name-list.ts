// Lists of schemas and tables as people write them: commas between names, a dot between schema and table, backticks around odd ones.
import { HoldfastError } from './errors.ts'

// What stands between backticks, where two of them are one, or any other character.
const piece = /`(?:[^`]|``)*`|[^`]/gs

/**
 * The items between the commas, trimmed, without empty ones, and still quoted.
 * @throws HoldfastError USAGE where a backtick is not closed
 */
export function splitList(text: string): readonly string[] {
  return splitAt(',', text).filter((item) => item !== '')
}

/**
 * A name alone: `shop`, `` `a,b` ``. A dot needs no quotes here.
 * @throws HoldfastError USAGE
 */
export function parseName(text: string): string {
  const quoted = /^`((?:[^`]|``)+)`$/s.exec(text)?.[1]
  if (quoted !== undefined) return quoted.replaceAll('``', '`')
  if (text !== '' && !text.includes('`')) return text
  throw notUnderstood(text, 'a name')
}

/**
 * `schema.table`, either of them quoted or not.
 * @throws HoldfastError USAGE for a table without its schema, and for a dot that may mean two things
 */
export function parseTableName(text: string): { readonly schema: string; readonly name: string } {
  const [schema = '', name = '', ...more] = splitAt('.', text)
  if (schema === '' || name === '' || more.length > 0) throw notUnderstood(text, 'schema.table')
  return { schema: parseName(schema), name: parseName(name) }
}

/**
 * A schema alone, or `schema.table`: here a dot in a name needs the backticks.
 * @throws HoldfastError USAGE
 */
export function parsePartName(text: string): { readonly schema: string; readonly name?: string } {
  const [schema = '', name, ...more] = splitAt('.', text)
  if (schema === '' || name === '' || more.length > 0) throw notUnderstood(text, 'schema or schema.table')
  return { schema: parseName(schema), ...(name === undefined ? {} : { name: parseName(name) }) }
}

/**
 * `schema.table.column`
 * @throws HoldfastError USAGE
 */
export function parseColumnName(text: string): {
  readonly schema: string
  readonly table: string
  readonly column: string
} {
  const [schema = '', table = '', column = '', ...more] = splitAt('.', text)
  if (schema === '' || table === '' || column === '' || more.length > 0) {
    throw notUnderstood(text, 'schema.table.column')
  }
  return { schema: parseName(schema), table: parseName(table), column: parseName(column) }
}

/**
 * A name and what is said of it, at the first colon outside of backticks: `shop.orders:id > 5`.
 * @throws HoldfastError USAGE where there is none, or nothing on a side of it
 */
export function splitRule(text: string): { readonly name: string; readonly rule: string } {
  let at = -1
  for (const { 0: part, index } of text.matchAll(piece)) {
    if (part !== ':') continue
    at = index
    break
  }
  const [name, rule] = [text.slice(0, Math.max(at, 0)).trim(), text.slice(at + 1).trim()]
  if (name === '' || rule === '') throw notUnderstood(text, 'a name, a colon and what is said of it')
  return { name, rule }
}

/** As parseTableName reads it: quoted where it has to be. */
export function formatTableName({
  schema,
  name,
}: {
  readonly schema: string
  readonly name: string
}): string {
  return formatNames([schema, name])
}

/** Parts of a qualified name, with dots between them, quoted where they have to be. */
export function formatNames(parts: readonly string[]): string {
  return parts
    .map((part) => (/^[^`.,:\s]+$/.test(part) ? part : `\`${part.replaceAll('`', '``')}\``))
    .join('.')
}

function splitAt(separator: string, text: string): readonly string[] {
  const items = ['']
  let end = 0
  for (const { 0: part, index } of text.matchAll(piece)) {
    if (index !== end) break
    end = index + part.length
    if (part === separator) items.push('')
    else items.push(`${items.pop() ?? ''}${part}`)
  }
  if (end !== text.length) throw notUnderstood(text, 'a list of names')
  return items.map((item) => item.trim())
}

function notUnderstood(text: string, wanted: string): HoldfastError {
  return new HoldfastError(
    'USAGE',
    `'${text}' is not ${wanted}`,
    { text },
    {
      hint: 'Put names with a comma, a dot or a backtick in backticks, and double a backtick: `a.b`.`c``d`. In a shell, put all of it in single quotes.',
    },
  )
}

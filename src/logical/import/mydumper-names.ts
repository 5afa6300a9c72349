// Which file of a mydumper folder holds what, told by its name.
import { plainName } from './dump-files.ts'

export type MydumperRole =
  | 'metadata'
  | 'schema'
  | 'sequence'
  | 'table'
  | 'view'
  | 'triggers'
  | 'post'
  | 'data'
  | 'text'

export interface MydumperFile {
  readonly name: string
  readonly role: MydumperRole
  /** The name of the schema as files have it. */
  readonly schema: string
  /** The same of the table; '' for files of a schema. */
  readonly table: string
}

/** In the order in which they are to be read. */
const endings: readonly (readonly [ending: string, role: MydumperRole])[] = [
  ['-schema-create.sql', 'schema'],
  ['-schema-sequence.sql', 'sequence'],
  ['-schema-triggers.sql', 'triggers'],
  ['-schema-view.sql', 'view'],
  ['-schema-post.sql', 'post'],
  ['-schema.sql', 'table'],
]

export const readingOrder: readonly MydumperRole[] = [
  'schema',
  'sequence',
  'table',
  'data',
  'triggers',
  'view',
  'post',
]

/** Undefined for files that are not known. */
export function mydumperFile(name: string, schemas: readonly string[]): MydumperFile | undefined {
  if (name.startsWith('metadata')) return { name, role: 'metadata', schema: '', table: '' }
  const plain = plainName(name)
  const [ending, role] = endings.find(([candidate]) => plain.endsWith(candidate)) ?? []
  if (ending !== undefined && role !== undefined)
    return { name, role, ...partsOf(plain.slice(0, -ending.length), schemas) }
  const data = /^(.*?)(?:\.\d{5,})*\.(sql|dat)$/.exec(plain)
  if (data === null) return undefined
  const parts = partsOf(data[1] ?? '', schemas)
  if (parts.table === '') return undefined
  return { name, role: data[2] === 'sql' ? 'data' : 'text', ...parts }
}

/** `schema.table`, where the schema's own name may have dots: then it is one of `schemas`. */
function partsOf(
  stem: string,
  schemas: readonly string[],
): { readonly schema: string; readonly table: string } {
  if (schemas.includes(stem)) return { schema: stem, table: '' }
  const known = schemas
    .filter((schema) => stem.startsWith(`${schema}.`))
    .toSorted((a, b) => b.length - a.length)[0]
  const at = known === undefined ? stem.indexOf('.') : known.length
  if (at < 0) return { schema: stem, table: '' }
  return { schema: stem.slice(0, at), table: stem.slice(at + 1) }
}

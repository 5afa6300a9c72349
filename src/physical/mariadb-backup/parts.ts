// Some schemas and tables of a server, as mariadb-backup is told of them, and whether they came.
import { HoldfastError } from '../../core/errors.ts'
import { quoteText } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'

/** A schema, or a table of it. */
export interface PartName {
  readonly schema: string
  readonly name?: string | undefined
}

/** Without the server's own tables no server starts on the files. */
const ownSchemas = ['mysql', 'sys', 'performance_schema']

export class Parts {
  readonly #parts: readonly PartName[]
  /** As they are in paths. */
  readonly #paths: readonly string[]

  private constructor(parts: readonly PartName[], paths: readonly string[]) {
    this.#parts = parts
    this.#paths = paths
  }

  static async of(
    parts: readonly PartName[],
    connection: Connection,
    signal: AbortSignal | undefined,
  ): Promise<Parts> {
    const paths: string[] = []
    for (const { schema, name } of parts) {
      const folder = await fileName(schema, connection, signal)
      paths.push(name === undefined ? folder : `${folder}/${await fileName(name, connection, signal)}`)
    }
    return new Parts(parts, paths)
  }

  /** For --databases-file: one a line, and a dot before the table. No name as a file has a dot of its own. */
  get lines(): string {
    return [...ownSchemas, ...this.#paths.map((path) => path.replace('/', '.'))]
      .map((line) => `${line}\n`)
      .join('')
  }

  /** `paths` are those of the files that came. Throws USAGE for a part of which there is none. */
  requireIn(paths: readonly string[]): void {
    const known = new Set(paths.flatMap((path) => [path.replace(/\/.*$/, ''), path.replace(/\.frm$/, '')]))
    const missing = this.#paths.findIndex((path) => !known.has(path))
    if (missing === -1) return
    const { schema, name } = this.#parts[missing]!
    throw new HoldfastError(
      'USAGE',
      name === undefined ? `the server has no schema ${schema}` : `the server has no table ${schema}.${name}`,
      {},
      {
        hint: 'Names count as the server has them, small and capital letters too; nothing of this backup was kept.',
      },
    )
  }
}

/** The server itself says how it writes a name in a path (tablename_to_filename). */
async function fileName(
  name: string,
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<string> {
  const sql = `SELECT HEX(CONVERT(${quoteText(name)} USING filename)) AS name`
  const [row] = await connection.query(sql, { signal })
  return row === undefined ? name : Buffer.from(textOf(row, 'name'), 'hex').toString('latin1')
}

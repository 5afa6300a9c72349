// What an earlier run of the same load has created already, as the server shows it.
import { quoteName } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { type ExistingObject, objectsIn, presentSchemas } from './arrival/existing-objects.ts'
import type { CodeContent, SchemaContent } from './content.ts'
import { isReadOnly, setReadOnly } from './read-only-schemas.ts'

/** By kind and name. What was there before any run does not count: a load leaves it alone. */
export class MadeBefore {
  static readonly nothing = new MadeBefore(new Map(), [])
  readonly #schemas: ReadonlyMap<string, string>
  readonly #objects: ReadonlySet<string>

  private constructor(schemas: ReadonlyMap<string, string>, objects: readonly ExistingObject[]) {
    this.#schemas = schemas
    this.#objects = new Set(objects.map(({ kind, schema, name }) => keyOf(kind, schema, name)))
  }

  static async read(connection: Connection, schemas: readonly SchemaContent[]): Promise<MadeBefore> {
    const present = await presentSchemas(connection, schemas)
    const objects: ExistingObject[] = []
    for (const { name, tables } of schemas.filter((schema) => present.has(schema.name))) {
      // Tables that are made anew lose their triggers.
      const remade = new Set(tables.filter((table) => !table.isTransactional).map((table) => table.name))
      const found = await objectsIn(connection, name)
      objects.push(...found.filter(({ kind, table }) => kind !== 'trigger' || !remade.has(table)))
    }
    return new MadeBefore(present, objects)
  }

  hasSchema(name: string): boolean {
    return this.#schemas.has(name)
  }

  has(kind: string, schema: string, name: string): boolean {
    return this.#objects.has(keyOf(kind, schema, name))
  }

  /**
   * A run that was killed while it made code may have left a schema with the collation which that code was made in; and one that was
   * killed at its end, READ ONLY.
   */
  schemaRepair(schema: SchemaContent): readonly string[] {
    const { name, collation } = schema
    const now = this.#schemas.get(name)
    if (now === undefined) return []
    return [
      ...(isReadOnly(schema) ? [setReadOnly(name, false)] : []),
      ...(now === collation ? [] : [`ALTER DATABASE ${quoteName(name)} COLLATE ${quoteName(collation)}`]),
    ]
  }

  codeLeft(schema: string, parts: readonly CodeContent[]): readonly CodeContent[] {
    return parts.filter(({ kind, name }) => !this.has(kind, schema, name))
  }
}

function keyOf(kind: string, schema: string, name: string): string {
  return `${kind}\0${schema}\0${name}`
}

// Whether two servers hold the same rows in schema `bench`: a result that is not equal has no time worth printing.
import type { TestServer } from '../test/support/servers.ts'

/** Of all tables of the schema, one line each. */
export async function checksums(server: TestServer): Promise<string> {
  const tables = (
    await server.sql(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'bench' ORDER BY 1",
    )
  )
    .trim()
    .split('\n')
  return server.sql(`CHECKSUM TABLE ${tables.map((table) => `bench.${table}`).join(', ')}`)
}

export async function compare(truth: string, target: TestServer): Promise<void> {
  const found = await checksums(target)
  if (found !== truth) throw new Error(`the tables differ:\n${truth}\n${found}`)
}

// Sequences: how they were made, and where they stand.
import { quoteQualified } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import type { SequenceContent } from '../content.ts'

/** A sequence has no snapshot: it may be ahead of the recorded point, never behind it. */
export async function readSequence(
  connection: Connection,
  schema: string,
  name: string,
): Promise<SequenceContent> {
  const qualified = quoteQualified(schema, name)
  const [definition = {}] = await connection.query(`SHOW CREATE SEQUENCE ${qualified}`)
  const [state = {}] = await connection.query(
    `SELECT CAST(next_not_cached_value AS CHAR) AS next, CAST(cycle_count AS CHAR) AS cycle FROM ${qualified}`,
  )
  return {
    name,
    ddl: textOf(definition, 'Create Table'),
    next: textOf(state, 'next'),
    cycle: textOf(state, 'cycle'),
  }
}

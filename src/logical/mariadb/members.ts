// The members of ENUM and SET as MariaDB has them, not as it shows them.
import { quoteName, quoteQualified } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import type { ColumnPlace } from '../dialect.ts'

/** A variable of the column's type has its members; it needs no more than the right to read the table. */
export async function readMembers(
  connection: Connection,
  { schema, table, column }: ColumnPlace,
  values: readonly bigint[],
): Promise<readonly string[]> {
  const steps = values.map(
    (value) => `SET x = ${value}, all_of_them = CONCAT(all_of_them, HEX(CONVERT(x USING utf8mb4)), ',');`,
  )
  const [row = {}] = await connection.query(
    `BEGIN NOT ATOMIC DECLARE x TYPE OF ${quoteQualified(schema, table)}.${quoteName(column)};
     DECLARE all_of_them LONGTEXT CHARACTER SET latin1 DEFAULT '';
     ${steps.join(' ')} SELECT all_of_them AS hex; END`,
  )
  return textOf(row, 'hex')
    .split(',')
    .slice(0, -1)
    .map((hex) => Buffer.from(hex, 'hex').toString('utf8'))
}

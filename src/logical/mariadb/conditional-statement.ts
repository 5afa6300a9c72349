// A statement that runs only on some servers, for scripts that cannot ask first.
import { quoteText } from '../../instance/sql-text.ts'

/** `condition` is SQL; when it holds, `sql` is not run. */
export function unless(condition: string, sql: string): readonly string[] {
  return [
    `SET @holdfast_statement = IF(${condition}, 'DO 0', ${quoteText(sql)})`,
    'PREPARE holdfast_statement FROM @holdfast_statement',
    'EXECUTE holdfast_statement',
    'DEALLOCATE PREPARE holdfast_statement',
  ]
}

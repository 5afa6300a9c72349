// What users have put into the schemas of the server itself, which a dump leaves out.
import { quoteTexts } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { namesOf } from './not-carried.ts'

/** The rows of sys_config that servers bring along. Its column set_by is empty for most others, too. */
const defaults = [
  'diagnostics.allow_i_s_tables=OFF',
  'diagnostics.include_raw=OFF',
  'ps_thread_trx_info.max_length=65535',
  'statement_performance_analyzer.limit=100',
  'statement_performance_analyzer.view=',
  'statement_truncate_len=64',
]

/** One warning for each. `owner` is the definer of what servers bring along. */
export async function codeInSystemSchemas(connection: Connection, owner: string): Promise<readonly string[]> {
  const named = (view: string, kind: string, more = '') =>
    `SELECT CONCAT(${kind}_SCHEMA, '.', ${kind}_NAME) FROM information_schema.${view}
     WHERE ${kind}_SCHEMA IN ('mysql', 'sys') AND DEFINER <> '${owner}'${more}`
  const queries = [
    // Servers before those that name an owner brought these along as root's.
    [
      'routine',
      named('ROUTINES', 'ROUTINE', " AND ROUTINE_NAME NOT IN ('AddGeometryColumn', 'DropGeometryColumn')"),
    ],
    ['view', named('VIEWS', 'TABLE', " AND TABLE_NAME NOT IN ('user')")],
    ['event', named('EVENTS', 'EVENT')],
    [
      'setting in sys.sys_config',
      `SELECT variable FROM sys.sys_config WHERE CONCAT(variable, '=', COALESCE(value, '')) NOT IN (${quoteTexts(defaults)})`,
    ],
  ] as const
  const warnings: string[] = []
  for (const [what, query] of queries) warnings.push(...(await namesOf(connection, what, query)))
  return warnings
}

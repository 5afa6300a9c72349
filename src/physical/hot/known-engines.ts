// Engines whose files a hot copy knows to take at one moment; of any other nobody could tell that.
import { HoldfastError } from '../../core/errors.ts'
import { textOf } from '../../wire/row-values.ts'
import type { HotCandidate } from './hot-session.ts'

const known = [
  'InnoDB',
  'MyISAM',
  'MRG_MyISAM',
  'CSV',
  'ARCHIVE',
  'Aria',
  // Without files, or with rows elsewhere.
  'MEMORY',
  'BLACKHOLE',
  'PERFORMANCE_SCHEMA',
  'SEQUENCE',
  'FEDERATED',
  'EXAMPLE',
  'ndbcluster',
  'ndbinfo',
]

/** Throws UNSUPPORTED where the server has one more, with tables or without: the account may not see whether there are any. */
export async function requireKnownEngines({ connection, signal }: HotCandidate): Promise<void> {
  const [row] = await connection.query(
    `SELECT ENGINE AS engine FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT') AND ENGINE NOT IN (${known.map((name) => `'${name}'`).join(', ')})`,
    { signal },
  )
  if (row === undefined) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `the server has the engine ${textOf(row, 'engine')}, whose files cannot be copied while it runs`,
    {},
    { hint: 'Use mariadb-backup or clone where they know it, or take rows with --method dump.' },
  )
}

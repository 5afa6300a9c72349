// What a target says about itself that decides how a backup of another kind of server is translated.
import type { InstanceFacts } from '../../instance/instance-facts.ts'
import type { Connection } from '../../wire/connection.ts'
import { textOf } from '../../wire/row-values.ts'
import { activeLoginPlugins, type LoginPlugins } from '../login-plugins.ts'
import type { ServerKind } from './server-features.ts'

export interface TargetServer extends ServerKind {
  readonly collations: ReadonlySet<string>
  readonly charsets: ReadonlySet<string>
  /** In capitals: those that tables can be made with. */
  readonly engines: ReadonlySet<string>
  /** By which accounts can log in. */
  readonly loginPlugins: LoginPlugins
  /** In capitals. */
  readonly privileges: ReadonlySet<string>
}

/** Reads only. */
export async function readTargetServer(
  connection: Connection,
  { flavour, version, release }: Pick<InstanceFacts, 'flavour' | 'version' | 'release'>,
  signal: AbortSignal | undefined,
): Promise<TargetServer> {
  const names = async (sql: string) =>
    new Set((await connection.query(sql, { signal })).map((row) => textOf(row, 'name')))
  const privileges = await connection.query('SHOW PRIVILEGES', { signal })
  // MariaDB lists collations of several character sets by half their name in COLLATIONS.
  const collations =
    flavour === 'mysql'
      ? 'SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS'
      : release >= 101_001
        ? 'SELECT FULL_COLLATION_NAME AS name FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY'
        : 'SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS'
  return {
    flavour,
    version,
    release,
    collations: await names(collations),
    charsets: await names('SELECT CHARACTER_SET_NAME AS name FROM information_schema.CHARACTER_SETS'),
    privileges: new Set(privileges.map((row) => textOf(row, 'Privilege').toUpperCase())),
    engines: await names(
      "SELECT UPPER(ENGINE) AS name FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')",
    ),
    loginPlugins: await activeLoginPlugins(connection),
  }
}

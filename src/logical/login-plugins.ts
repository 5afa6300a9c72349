// By which authentication plugins an account logs in, and accounts whose plugins a server does not have.
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'
import type { AccountContent } from './content.ts'
import { type DdlToken, ddlTokens } from './deferred-indexes/ddl-tokens.ts'

/** In small letters. */
export type LoginPlugins = ReadonlySet<string>

export async function activeLoginPlugins(connection: Connection): Promise<LoginPlugins> {
  const rows = await connection.query(
    `SELECT PLUGIN_NAME AS name FROM information_schema.PLUGINS
     WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND PLUGIN_STATUS = 'ACTIVE'`,
  )
  return new Set(rows.map((row) => textOf(row, 'name').toLowerCase()))
}

/** Both servers refuse a CREATE USER with a plugin that is not loaded, also where it is one of several ways to log in. */
export function absentPlugins({ create }: AccountContent, active: LoginPlugins): readonly string[] {
  return create.flatMap(pluginsOf).filter((name) => !active.has(name))
}

/** In SHOW CREATE USER: IDENTIFIED WITH 'a' [AS …] [AND IDENTIFIED WITH 'b' …] on MySQL, IDENTIFIED VIA a [USING …] [OR b …] on MariaDB. */
export function pluginsOf(createUser: string): readonly string[] {
  const tokens = ddlTokens(createUser) ?? []
  return tokens
    .filter((_, at) => {
      const [before, last] = [tokens[at - 2], tokens[at - 1]]
      return isWord(last, 'VIA', 'OR') || (isWord(last, 'WITH') && isWord(before, 'IDENTIFIED'))
    })
    .map(({ kind, value }) => (kind === 'text' ? value.slice(1, -1) : value).toLowerCase())
}

function isWord(token: DdlToken | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.value)
}

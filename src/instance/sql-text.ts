// Names and texts as SQL of a session whose sql_mode is empty and whose character set is utf8mb4.

/** A name in backticks; works for every name a server can hold. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** `schema`.`name` */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteName(schema)}.${quoteName(name)}`
}

/** A string literal. Wrong in a session with NO_BACKSLASH_ESCAPES; sessions of dialect.sessionSettings never have it. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

export function quoteTexts(texts: readonly string[]): string {
  return texts.map(quoteText).join(', ')
}

/**
 * Compares a column of information_schema with a schema's name as the server tells names apart: MariaDB compares such columns without
 * regard to case even where Shop and shop are two schemas. The plain comparison stays, since it is what the server can look up.
 */
export function isSchema(column: string, schema: string): string {
  const name = quoteText(schema)
  return `(${column} = ${name} AND (@@lower_case_table_names > 0 OR CAST(${column} AS BINARY) = CAST(${name} AS BINARY)))`
}

/** 'user'@'host' */
export function quoteAccount(account: { readonly user: string; readonly host: string }): string {
  return `${quoteText(account.user)}@${quoteText(account.host)}`
}

// A line of SHOW GRANTS without what it says of the account itself.
const name = '`(?:[^`]|``)*`'
const globalGrant = new RegExp(`^(GRANT .* ON \\*\\.\\* TO ${name}@${name})(.*)$`, 's')

/**
 * SHOW GRANTS also says password and limits, which CREATE USER said: a GRANT with them would change an account that was there, and would
 * make a password that has expired a new one.
 */
export function withoutPassword(grant: string): string {
  const [, head, tail = ''] = globalGrant.exec(grant) ?? []
  if (head === undefined) return grant
  const unquoted = tail.replaceAll(/'(?:[^'\\]|\\.|'')*'/gs, '')
  return / WITH GRANT OPTION/.test(unquoted) ? `${head} WITH GRANT OPTION` : head
}

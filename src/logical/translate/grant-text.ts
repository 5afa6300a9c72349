// A line of SHOW GRANTS, taken apart.
import type { DdlToken } from '../deferred-indexes/ddl-tokens.ts'
import { closingAt, isSymbol, isWord, textOfTokens, tokensIn } from './ddl-text.ts'

export interface Privilege {
  /** In capitals. */
  readonly name: string
  /** With parentheses; '' for all columns. */
  readonly columns: string
}

export interface PrivilegeGrant {
  readonly kind: 'grant' | 'revoke'
  readonly privileges: readonly Privilege[]
  /** `*.*`, `PROCEDURE shop.p`, as it stands. */
  readonly on: string
  readonly isGlobal: boolean
  /** May be given on. */
  readonly isWithGrant: boolean
}

export interface RoleGrant {
  readonly kind: 'roles'
  /** Names without hosts. */
  readonly roles: readonly string[]
  readonly isWithAdmin: boolean
}

export type Grant = PrivilegeGrant | RoleGrant | { readonly kind: 'other' }

/** What is told of the account behind TO is left out: CREATE USER says it too. */
export function parseGrant(line: string, object: string): Grant {
  const tokens = tokensIn(line, object)
  const isGrant = isWord(tokens[0], 'GRANT')
  if (!isGrant && !isWord(tokens[0], 'REVOKE')) return { kind: 'other' }
  const to = tokens.findLastIndex((token) => isWord(token, isGrant ? 'TO' : 'FROM'))
  const tail = tokens.slice(to + 1)
  const on = tokens.slice(0, to).findIndex((token) => isWord(token, 'ON'))
  if (to < 0 || isWord(tokens[1], 'PROXY')) return { kind: 'other' }
  if (on < 0) {
    const roles = tokens.slice(1, to).flatMap((token, at, all) => {
      const isHost = isSymbol(all[at - 1], '@')
      return token.kind === 'name' && !isHost ? [token.value] : []
    })
    return { kind: 'roles', roles, isWithAdmin: hasOption(tail, 'ADMIN') }
  }
  const what = textOfTokens(line, tokens.slice(on + 1, to))
  return {
    kind: isGrant ? 'grant' : 'revoke',
    privileges: privilegesOf(line, tokens.slice(1, on)),
    on: what,
    isGlobal: what === '*.*',
    isWithGrant: hasOption(tail, 'GRANT'),
  }
}

export function grantStatement({ privileges, on, isWithGrant }: PrivilegeGrant, to: string): string {
  const list = privileges.map(({ name, columns }) => (columns === '' ? name : `${name} ${columns}`))
  return `GRANT ${list.join(', ')} ON ${on} TO ${to}${isWithGrant ? ' WITH GRANT OPTION' : ''}`
}

function hasOption(tail: readonly DdlToken[], option: string): boolean {
  return tail.some((token, at) => isWord(token, option) && isWord(tail[at + 1], 'OPTION'))
}

function privilegesOf(line: string, tokens: readonly DdlToken[]): readonly Privilege[] {
  const privileges: Privilege[] = []
  let words: string[] = []
  let columns = ''
  for (let at = 0; at <= tokens.length; at++) {
    const token = tokens[at]
    if (token === undefined || isSymbol(token, ',')) {
      if (words.length > 0) privileges.push({ name: words.join(' '), columns })
      words = []
      columns = ''
    } else if (isSymbol(token, '(')) {
      const close = closingAt(tokens, at)
      columns = textOfTokens(line, tokens.slice(at, close + 1))
      at = close
    } else words.push(token.value)
  }
  return privileges
}

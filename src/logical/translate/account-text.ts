// What CREATE USER says of an account, in the words of both flavours.
import type { Flavour } from '../../core/flavour.ts'
import { quoteText } from '../../instance/sql-text.ts'
import type { DdlToken } from '../deferred-indexes/ddl-tokens.ts'
import { isSymbol, isWord, textOfTokens, tokensIn } from './ddl-text.ts'

export type Login =
  /** No password is asked for. */
  | { readonly kind: 'open' }
  /** The hash of mysql_native_password. */
  | { readonly kind: 'native'; readonly hash: string }
  | { readonly kind: 'other'; readonly plugins: readonly string[] }
  /** No password lets anybody in. */
  | { readonly kind: 'closed' }

export interface AccountText {
  readonly login: Login
  /** REQUIRE …, but NONE; '' where nothing is required. */
  readonly requires: string
  /** WITH MAX_…; '' for none. */
  readonly limits: string
  /** PASSWORD EXPIRE …; '' for the default. */
  readonly expiry: string
  readonly isLocked: boolean
  /** Clauses that only this flavour has, as they stand. */
  readonly others: readonly string[]
}

/** Words with which a clause begins, where the word before does not take them. */
const starts = new Set([
  'IDENTIFIED',
  'REQUIRE',
  'WITH',
  'PASSWORD',
  'ACCOUNT',
  'FAILED_LOGIN_ATTEMPTS',
  'PASSWORD_LOCK_TIME',
  'ATTRIBUTE',
  'COMMENT',
])

export function parseAccount(statement: string, object: string): AccountText {
  const tokens = tokensIn(statement, object)
  const from = isSymbol(tokens[3], '@') ? 5 : 3
  const clauses: DdlToken[][] = []
  for (const [at, token] of tokens.entries()) {
    if (at < from) continue
    const before = tokens[at - 1]
    const isTaken = isWord(before, 'IDENTIFIED', 'BY', 'VIA', 'OR', 'PASSWORD')
    if (clauses.length === 0 || (isWord(token, ...starts) && !isTaken)) clauses.push([])
    clauses.at(-1)?.push(token)
  }
  const textWith = (...words: readonly string[]) =>
    clauses
      .filter((clause) => words.every((word, at) => isWord(clause[at], word)))
      .map((clause) => textOfTokens(statement, clause))
  const [identified = []] = clauses.filter(([first]) => isWord(first, 'IDENTIFIED'))
  const requires = textWith('REQUIRE').filter((text) => text.toUpperCase() !== 'REQUIRE NONE')
  const expiry = textWith('PASSWORD', 'EXPIRE').filter((text) => !/ DEFAULT$/i.test(text))
  return {
    login: loginOf(statement, identified),
    requires: requires.join(' '),
    limits: textWith('WITH').join(' '),
    expiry: expiry.join(' '),
    isLocked: textWith('ACCOUNT', 'LOCK').length > 0,
    others: clauses
      .filter((clause) => !isKnown(clause))
      .map((clause) => textOfTokens(statement, clause))
      .filter((text) => !/ DEFAULT$/i.test(text)),
  }
}

/** Both flavours have it, if in other words. */
function isKnown(clause: readonly DdlToken[]): boolean {
  return isWord(clause[0], 'IDENTIFIED', 'REQUIRE', 'WITH', 'ACCOUNT') || isWord(clause[1], 'EXPIRE')
}

function loginOf(statement: string, tokens: readonly DdlToken[]): Login {
  if (tokens.length === 0) return { kind: 'open' }
  const value = (token: DdlToken | undefined) => unquoted(token?.value ?? '')
  // MariaDB: IDENTIFIED BY PASSWORD '*…'
  if (isWord(tokens[1], 'BY')) {
    const hash = value(tokens[3])
    return hash === '' ? { kind: 'open' } : { kind: 'native', hash }
  }
  const plugins = tokens
    .filter((_, at) => isWord(tokens[at - 1], 'WITH', 'VIA', 'OR'))
    .map((token) => value(token).toLowerCase())
  const secret = tokens.findIndex((token) => isWord(token, 'AS', 'USING'))
  const text = textOfTokens(statement, tokens.slice(secret + 1))
  const hash =
    secret < 0
      ? ''
      : /^0x/i.test(text)
        ? Buffer.from(text.slice(2), 'hex').toString('latin1')
        : unquoted(text)
  const [plugin = ''] = plugins
  const isPassword = ['caching_sha2_password', 'sha256_password', 'mysql_native_password'].includes(plugin)
  if (plugins.length === 1 && isPassword && hash === '') return { kind: 'open' }
  if (plugins.length === 1 && plugin === 'mysql_native_password') return { kind: 'native', hash }
  return { kind: 'other', plugins }
}

function unquoted(text: string): string {
  return /^(['"`])(.*)\1$/s.exec(text)?.[2] ?? text
}

// As MySQL itself marks its own accounts that nobody logs in with: no password has this hash.
const mysqlWithoutPassword = '$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED'

/** `account`: quoted, with its host. */
export function createAccount(account: string, text: AccountText, flavour: Flavour): string {
  const { login, requires, limits, expiry, isLocked } = text
  const isClosed = login.kind === 'other' || login.kind === 'closed'
  const lock = isLocked || isClosed ? 'ACCOUNT LOCK' : ''
  const parts =
    flavour === 'mysql'
      ? [identifiedOnMysql(login), requires, limits, expiry, lock]
      : [identifiedOnMariadb(login), requires, limits, lock, expiry]
  return [`CREATE USER ${account}`, ...parts].filter((part) => part !== '').join(' ')
}

function identifiedOnMysql(login: Login): string {
  if (login.kind === 'open') return ''
  return login.kind === 'native'
    ? `IDENTIFIED WITH 'mysql_native_password' AS ${quoteText(login.hash)}`
    : `IDENTIFIED WITH 'caching_sha2_password' AS ${quoteText(mysqlWithoutPassword)}`
}

function identifiedOnMariadb(login: Login): string {
  if (login.kind === 'open') return ''
  // No password has the hash "invalid".
  return `IDENTIFIED BY PASSWORD ${quoteText(login.kind === 'native' ? login.hash : 'invalid')}`
}

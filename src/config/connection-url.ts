// Connection URLs: mysql://user:password@host:port/schema?ssl-mode=VERIFY_CA&ssl-ca=FILE, or mariadb://…, or ?socket=PATH.
import { HoldfastError } from '../core/errors.ts'
import { applyOption, type ConnectionValues, connectionOptionNames } from './connection-values.ts'
import { normalizeOptionName } from './option-file-parser.ts'

// Not `new URL`: it refuses a user without a host (mysql://root@/?socket=…) and reads "+" in a query as a space.
const pattern =
  /^(?:mysql|mariadb):\/\/(?:(?<login>[^/?#]*)@)?(?<place>[^/?#]*)(?:\/(?<schema>[^?#]*))?(?:\?(?<query>[^#]*))?$/i
const placePattern = /^(?<host>\[[0-9a-z:.%]+\]|[^:]*)(?::(?<port>\d*))?$/i

/** What may stand in the query, besides what has a place of its own. */
const refusedParameters = new Set(['host', 'port', 'user', 'password'])

export function isConnectionUrl(text: string): boolean {
  return /^(?:mysql|mariadb):\/\//i.test(text)
}

/** Every part may be percent-encoded. Throws CONFIG_INVALID; the message never holds the password. */
export function parseConnectionUrl(url: string): ConnectionValues {
  const parts = pattern.exec(url)?.groups
  if (parts === undefined)
    throw invalid(url, 'it is not mysql://[user[:password]@]host[:port]/[schema][?option=value]')
  const place = placePattern.exec(parts['place'] ?? '')?.groups
  if (place === undefined) throw invalid(url, 'what stands after "@" is not host[:port]')
  const values: ConnectionValues = {}
  const set = (name: string, value: string): void => apply(values, name, value, url)
  const [user = '', ...password] = (parts['login'] ?? '').split(':')
  if (user !== '') set('user', decode(user, url))
  if (password.length > 0) set('password', decode(password.join(':'), url))
  const host = decode(place['host'] ?? '', url).replaceAll(/^\[|\]$/g, '')
  if (host !== '') set('host', host)
  if (place['port']) set('port', place['port'])
  if (parts['schema']) values.schema = decode(parts['schema'], url)
  for (const pair of (parts['query'] ?? '').split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = normalizeOptionName(decode(equals < 0 ? pair : pair.slice(0, equals), url))
    if (refusedParameters.has(name)) throw invalid(url, `${name} belongs before the "?"`)
    set(name, decode(equals < 0 ? '1' : pair.slice(equals + 1), url))
  }
  if (values.host === undefined && values.socketPath === undefined) {
    throw invalid(url, 'it names neither a host nor a socket')
  }
  return values
}

/** The URL as it may be shown. */
export function redactUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/)([^/?#]*)@/i, (_, scheme: string, login: string) => {
    const [user = '', ...password] = login.split(':')
    return `${scheme}${user}${password.length > 0 ? ':***' : ''}@`
  })
}

function apply(values: ConnectionValues, name: string, value: string, url: string): void {
  const problem = applyOption(values, name, value)
  if (problem === 'unknown') {
    const known = connectionOptionNames.filter((option) => !refusedParameters.has(option)).join(', ')
    throw invalid(url, `there is no option ${name}; there are ${known}`)
  }
  if (problem !== undefined) throw invalid(url, `${name} ${problem.wrong}`)
}

function decode(text: string, url: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw invalid(url, 'a "%" is not followed by two hex digits of UTF-8; write %25 for "%" itself', cause)
  }
}

function invalid(url: string, what: string, cause?: unknown): HoldfastError {
  const options = cause === undefined ? {} : { cause }
  return new HoldfastError('CONFIG_INVALID', `cannot read the URL ${redactUrl(url)}: ${what}`, {}, options)
}

// The sql_mode of views, triggers, routines and events, as far as the target knows it.
import type { Flavour } from '../../core/flavour.ts'
import type { Tell } from './report.ts'

/** Of MariaDB alone: they decide what GRANT may do, how definitions are printed, or stand for other modes that are in the list too. */
const withoutMeaning = new Set([
  'DB2',
  'MAXDB',
  'MSSQL',
  'MYSQL323',
  'MYSQL40',
  'NO_AUTO_CREATE_USER',
  'NO_FIELD_OPTIONS',
  'NO_KEY_OPTIONS',
  'NO_TABLE_OPTIONS',
  'POSTGRESQL',
])

/** What only MariaDB has. ORACLE is not among them: code in another language is not translated. */
const ofMariadb = new Set([...withoutMeaning, 'EMPTY_STRING_IS_NULL', 'SIMULTANEOUS_ASSIGNMENT'])

export function translatedMode(mode: string, from: Flavour, to: Flavour, tell: Tell): string {
  if (from === to) return mode
  const modes = mode.split(',').filter(Boolean)
  // Fractions of seconds that are too long are rounded by MySQL and cut off by MariaDB, unless these say so.
  const [other, own] =
    from === 'mysql'
      ? ['TIME_TRUNCATE_FRACTIONAL', 'TIME_ROUND_FRACTIONAL']
      : ['TIME_ROUND_FRACTIONAL', 'TIME_TRUNCATE_FRACTIONAL']
  const kept = modes.filter((name) => {
    if (name === other || (to === 'mysql' && ofMariadb.has(name))) {
      if (name !== other && !withoutMeaning.has(name)) tell('differs', `runs without sql_mode ${name}`)
      return false
    }
    return true
  })
  return (modes.includes(other) ? kept : [...kept, own]).join(',')
}

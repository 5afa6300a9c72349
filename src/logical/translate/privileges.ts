// Privileges by the names that the target has for them.
import type { Flavour } from '../../core/flavour.ts'
import type { TargetServer } from './target-server.ts'

const toMariadb: Readonly<Record<string, string>> = {
  BINLOG_ADMIN: 'BINLOG ADMIN',
  CONNECTION_ADMIN: 'CONNECTION ADMIN',
  'REPLICATION CLIENT': 'BINLOG MONITOR',
  REPLICATION_APPLIER: 'BINLOG REPLAY',
  REPLICATION_SLAVE_ADMIN: 'REPLICATION SLAVE ADMIN',
  SET_ANY_DEFINER: 'SET USER',
  SET_USER_ID: 'SET USER',
}

const toMysql: Readonly<Record<string, string>> = {
  'BINLOG ADMIN': 'BINLOG_ADMIN',
  'BINLOG MONITOR': 'REPLICATION CLIENT',
  'BINLOG REPLAY': 'REPLICATION_APPLIER',
  'CONNECTION ADMIN': 'CONNECTION_ADMIN',
  'REPLICA MONITOR': 'REPLICATION CLIENT',
  'REPLICATION SLAVE ADMIN': 'REPLICATION_SLAVE_ADMIN',
  'SET USER': 'SET_ANY_DEFINER',
  'SLAVE MONITOR': 'REPLICATION CLIENT',
}

const names: Readonly<Record<Flavour, Readonly<Record<string, string>>>> = {
  mysql: toMysql,
  mariadb: toMariadb,
}
/** Everybody has them, or they stand for all others. */
const always = new Set(['USAGE', 'ALL PRIVILEGES', 'REPLICATION SLAVE', 'REPLICATION CLIENT'])

/** Undefined for a privilege that the target does not have. */
export function privilegeFor(name: string, target: TargetServer): string | undefined {
  if (target.privileges.has(name)) return name
  const other = names[target.flavour][name]
  if (other !== undefined && target.privileges.has(other)) return other
  return always.has(name) ? name : undefined
}

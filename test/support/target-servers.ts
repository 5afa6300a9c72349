// Servers for tests of the translation: what sources and targets of these kinds say of themselves, as far as the tests ask.
import type { TargetServer } from '../../src/logical/translate/target-server.ts'

/** What backups of these servers say of where they come from. */
export const sourceKinds = {
  mysql: { flavour: 'mysql', version: '9.7.1', release: 90_701 },
  mariadb: { flavour: 'mariadb', version: '11.8.3-MariaDB', release: 110_803 },
} as const

const shared = [
  'latin1_swedish_ci',
  'utf8mb4_bin',
  'utf8mb4_general_ci',
  'utf8mb4_unicode_520_ci',
  'utf8mb4_german2_ci',
  'utf8mb4_croatian_ci',
]
const unicode3 = ['utf8mb3_bin', 'utf8mb3_general_ci', 'utf8mb3_unicode_520_ci']
const strengths = ['ai_ci', 'ai_cs', 'as_ci', 'as_cs']
const nopad = ['utf8mb4_nopad_bin', 'utf8mb4_unicode_520_nopad_ci', 'latin1_swedish_nopad_ci']
const uca1400 = ['', 'german2_'].flatMap((language) =>
  ['', 'nopad_'].flatMap((pad) =>
    strengths.map((strength) => `utf8mb4_uca1400_${language}${pad}${strength}`),
  ),
)
const mysql0900 = ['ai_ci', 'as_ci', 'as_cs', 'bin'].map((strength) => `utf8mb4_0900_${strength}`)
const germanOfMysql = ['utf8mb4_de_pb_0900_ai_ci', 'utf8mb4_de_pb_0900_as_cs']

const mariadbPrivileges = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'PROCESS',
  'BINLOG ADMIN',
  'BINLOG MONITOR',
  'SET USER',
]
const mysqlPrivileges = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'PROCESS',
  'REPLICATION CLIENT',
  'BINLOG_ADMIN',
  'SET_ANY_DEFINER',
]
const charsets = new Set(['latin1', 'utf8mb3', 'utf8mb4', 'sjis', 'ascii', 'binary'])

const targets = {
  mysql: {
    flavour: 'mysql',
    version: '9.7.1',
    release: 90_701,
    collations: new Set([...shared, ...unicode3, ...mysql0900, ...germanOfMysql]),
    charsets: new Set([...charsets, 'gb18030']),
    engines: new Set(['INNODB', 'MYISAM', 'MEMORY']),
    loginPlugins: new Set(['caching_sha2_password', 'sha256_password']),
    privileges: new Set(mysqlPrivileges),
  },
  'mariadb-10.6': mariadb('10.6.21-MariaDB', 100_621, [...shared, ...unicode3, ...nopad]),
  'mariadb-10.11': mariadb('10.11.19-MariaDB', 101_119, [...shared, ...unicode3, ...nopad, ...uca1400]),
  'mariadb-11.8': mariadb('11.8.3-MariaDB', 110_803, [
    ...shared,
    ...unicode3,
    ...nopad,
    ...uca1400,
    ...mysql0900,
  ]),
} as const satisfies Record<string, TargetServer>

function mariadb(version: string, release: number, collations: readonly string[]): TargetServer {
  return {
    flavour: 'mariadb',
    version,
    release,
    collations: new Set(collations),
    charsets,
    engines: new Set(['INNODB', 'MYISAM', 'MEMORY', 'ARIA']),
    loginPlugins: new Set(['mysql_native_password', 'unix_socket']),
    privileges: new Set(mariadbPrivileges),
  }
}

export function targetOf(kind: keyof typeof targets): TargetServer {
  return targets[kind]
}

// Capability bits and status bits of the protocol that Holdfast uses.
// Source: dev.mysql.com/doc/dev/mysql-server "Capabilities Flags"; include/mysql_com.h of both servers.

export const capability = {
  /** MariaDB calls it CLIENT_MYSQL: set, it tells a MariaDB server that its own extended bits are not meant. */
  longPassword: 1 << 0,
  longFlag: 1 << 2,
  connectWithDb: 1 << 3,
  localFiles: 1 << 7,
  protocol41: 1 << 9,
  ssl: 1 << 11,
  transactions: 1 << 13,
  secureConnection: 1 << 15,
  multiStatements: 1 << 16,
  multiResults: 1 << 17,
  pluginAuth: 1 << 19,
  connectAttributes: 1 << 20,
  pluginAuthLenenc: 1 << 21,
} as const

/**
 * What we ask of every server. Left out on purpose: DEPRECATE_EOF (raw rows need the EOF packet as terminator on both flavours),
 * QUERY_ATTRIBUTES (changes the layout of COM_QUERY and of commands sent raw), SESSION_TRACK (changes the OK packet), compression,
 * and MULTI_STATEMENTS (a statement stays one statement; COM_SET_OPTION turns it on only where it is asked for).
 */
export const wantedCapabilities =
  capability.longPassword |
  capability.longFlag |
  capability.localFiles |
  capability.protocol41 |
  capability.transactions |
  capability.secureConnection |
  capability.multiResults |
  capability.pluginAuth |
  capability.connectAttributes |
  capability.pluginAuthLenenc

/** Without these there is no way to talk: servers older than MySQL 5.5. */
export const neededCapabilities = capability.protocol41 | capability.secureConnection | capability.pluginAuth

export const status = {
  inTransaction: 1 << 0,
  autocommit: 1 << 1,
  moreResults: 1 << 3,
  noBackslashEscapes: 1 << 9,
} as const

/** utf8mb4_general_ci: the one utf8mb4 collation id that both flavours know, old and new. */
export const utf8mb4GeneralCi = 45

// The servers that tests and the demo run on: where Debian keeps each one and which packages make it whole.
export const serverKinds = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const
export type ServerKind = (typeof serverKinds)[number]

export interface ServerRecipe {
  readonly flavour: 'mysql' | 'mariadb'
  /** Debian suite that carries this version. */
  readonly suite: 'bookworm' | 'trixie' | 'sid'
  /** Fetched with everything they depend on. */
  readonly packages: readonly string[]
  /** Fetched alone, for a few of their files: their dependencies (perl, systemd, galera) are never run. */
  readonly loosePackages: readonly string[]
  /** Name of the server program, for PATH. */
  readonly program: 'mysqld' | 'mariadbd'
  /** Environment variable that may name a server program where packages cannot be had. */
  readonly programVariable: 'HOLDFAST_MYSQLD' | 'HOLDFAST_MARIADBD'
}

const mariadb = {
  flavour: 'mariadb',
  packages: ['mariadb-server-core', 'mariadb-client-core', 'mariadb-client', 'mariadb-backup'],
  // mariadb-server holds the plugins (ed25519 login among them), tzdata the time zones.
  loosePackages: ['mariadb-server', 'tzdata'],
  program: 'mariadbd',
  programVariable: 'HOLDFAST_MARIADBD',
} as const

export const serverRecipes: Readonly<Record<ServerKind, ServerRecipe>> = {
  'mariadb-10.11': { ...mariadb, suite: 'bookworm' },
  'mariadb-11.8': { ...mariadb, suite: 'trixie' },
  'mysql-9.7': {
    flavour: 'mysql',
    suite: 'sid',
    packages: ['mysql-server-core', 'mysql-client-core'],
    loosePackages: ['tzdata'],
    program: 'mysqld',
    programVariable: 'HOLDFAST_MYSQLD',
  },
}

export function isServerKind(text: string): text is ServerKind {
  return (serverKinds as readonly string[]).includes(text)
}

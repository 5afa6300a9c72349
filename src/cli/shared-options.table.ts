// Options that many verbs share, so that one name means one thing everywhere.
import { sslModes } from '../core/connection-settings.ts'
import type { OptionSpec } from './verb.ts'

export const outputOptions: readonly OptionSpec[] = [
  {
    name: 'json',
    kind: 'flag',
    group: 'Output',
    help: 'print JSON on stdout: one document, or JSON Lines with "type" for long work',
  },
  {
    name: 'quiet',
    short: 'q',
    kind: 'flag',
    group: 'Output',
    help: 'no progress on stderr; only warnings and errors',
  },
]

export const repositoryOption = {
  name: 'repository',
  kind: 'text',
  value: 'DIR',
  group: 'Repository',
  env: 'HOLDFAST_REPOSITORY',
  isRequired: true,
  help: 'where everything is kept',
} as const satisfies OptionSpec

export const identityOption: OptionSpec = {
  name: 'identity',
  kind: 'text',
  value: 'FILE',
  group: 'Repository',
  env: 'HOLDFAST_IDENTITY_FILE',
  help: 'file with the recovery key; needed to read what is encrypted, never to write',
}

// Each is a connection that other users of the server may lack; it has 151 of them by default (max_connections).
const maxThreads = 64

/** How many connections work at once; `doing` says at what. */
export function threadsOption(group: string, doing: string): OptionSpec {
  return {
    name: 'threads',
    kind: 'integer',
    value: 'N',
    range: { from: 1, to: maxThreads },
    group,
    help: `connections that ${doing} at once (default: as many as processors, at most 4)`,
  }
}

// Below -7 next to nothing is compressed. 20 and more are what zstd itself wants --ultra for: they take memory, and give chunks of 4 MiB nothing.
export const compressLevelOption: OptionSpec = {
  name: 'compress-level',
  kind: 'integer',
  value: 'N',
  range: { from: -7, to: 19 },
  group: 'Repository',
  help: "zstd level of what is stored: below 0 is faster and larger, 0 is zstd's own default (default: 1)",
}

// At less, what has come is on its way to be forgotten by the time the next comes: one read of a connection is 128 KiB.
const leastRate = 64 * 1024

/** How fast rows may come or go; `doing` says which. */
export function rateLimitOption(group: string, doing: string): OptionSpec {
  return {
    name: 'rate-limit',
    kind: 'bytes',
    value: 'BYTES',
    range: { from: leastRate },
    group,
    help: `${doing} at most so many bytes a second, all connections together: 50M, 500K (default: no limit)`,
  }
}

export const nameOption: OptionSpec = {
  name: 'name',
  kind: 'text',
  value: 'NAME',
  group: 'Repository',
  help: 'name of this instance in the repository (default: its host, with the port unless 3306)',
}

export const connectionOptions: readonly OptionSpec[] = [
  {
    name: 'host',
    short: 'h',
    kind: 'text',
    value: 'HOST',
    group: 'Connection',
    help: 'host name or address',
  },
  {
    name: 'port',
    short: 'P',
    kind: 'integer',
    value: 'PORT',
    range: { from: 1, to: 65_535 },
    group: 'Connection',
    help: 'TCP port (default: 3306)',
  },
  {
    name: 'user',
    short: 'u',
    kind: 'text',
    value: 'USER',
    group: 'Connection',
    help: 'account to log in with',
  },
  {
    name: 'password',
    short: 'p',
    kind: 'flag',
    group: 'Connection',
    help: 'ask for the password; in scripts use an option file or a login path instead',
  },
  {
    name: 'socket',
    short: 'S',
    kind: 'text',
    value: 'PATH',
    group: 'Connection',
    help: 'Unix socket of the server',
  },
  {
    name: 'defaults-file',
    kind: 'text',
    value: 'FILE',
    group: 'Connection',
    help: 'read only this option file (groups [client] and [holdfast])',
  },
  {
    name: 'defaults-extra-file',
    kind: 'text',
    value: 'FILE',
    group: 'Connection',
    help: 'read this option file after the global ones',
  },
  {
    name: 'defaults-group-suffix',
    kind: 'text',
    value: 'TEXT',
    group: 'Connection',
    help: 'also read the groups with this suffix, such as [client_eu]',
  },
  {
    name: 'login-path',
    kind: 'text',
    value: 'NAME',
    group: 'Connection',
    help: 'read this login path of .mylogin.cnf, as written by mysql_config_editor',
  },
  {
    name: 'ssl-mode',
    kind: 'text',
    value: 'MODE',
    choices: sslModes,
    group: 'Connection',
    help: 'as in mysql',
  },
  {
    name: 'ssl-ca',
    kind: 'text',
    value: 'FILE',
    group: 'Connection',
    help: 'PEM file of authorities to trust',
  },
  {
    name: 'ssl-cert',
    kind: 'text',
    value: 'FILE',
    group: 'Connection',
    help: 'PEM file of the client certificate',
  },
  { name: 'ssl-key', kind: 'text', value: 'FILE', group: 'Connection', help: 'PEM file of its key' },
]

export const urlArgument = {
  name: 'URL',
  isRequired: false,
  help: 'mysql://user@host:port/, or the connection options below, which count more',
} as const

export const sourceArgument = {
  name: 'NAME',
  isRequired: true,
  help: 'name of the instance in the repository',
} as const

export const optionalSourceArgument = {
  name: 'NAME',
  isRequired: false,
  help: 'name of the instance in the repository (default: all)',
} as const

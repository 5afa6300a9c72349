// Where to connect and as whom: from flags, a URL, option files, login paths and the environment.
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { ConnectionSettings, SslMode } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { Secret } from '../core/secret.ts'
import { parseConnectionUrl } from './connection-url.ts'
import { applyOption, type ConnectionValues } from './connection-values.ts'
import { invalid, type OptionLine } from './option-file-parser.ts'
import { readOptionFiles } from './option-files.ts'

/** Named as on the command line, in camel case. */
export interface ConnectionFlags {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly user?: string | undefined
  /** True: ask with `readPassword`. */
  readonly password?: boolean | undefined
  readonly socket?: string | undefined
  readonly sslMode?: string | undefined
  readonly sslCa?: string | undefined
  readonly sslCert?: string | undefined
  readonly sslKey?: string | undefined
  readonly defaultsFile?: string | undefined
  readonly defaultsExtraFile?: string | undefined
  readonly defaultsGroupSuffix?: string | undefined
  readonly loginPath?: string | undefined
}

export interface ConnectionInput {
  readonly url?: string | undefined
  readonly flags?: ConnectionFlags | undefined
  readonly env: NodeJS.ProcessEnv
  /** Asks the user; needed only for `flags.password`. */
  readonly readPassword?: ((question: string) => Promise<string>) | undefined
  /** Told what should be known but stops nothing. */
  readonly emit?: EmitEvent | undefined
  /** Instead of the clients' global option files and sockets, for tests. */
  readonly globalFiles?: readonly string[] | undefined
  readonly defaultSockets?: readonly string[] | undefined
}

const defaultPort = 3306
const defaultConnectTimeoutMs = 30_000

/** Where distributions put the socket: Debian, Red Hat, and what the sources say. */
const usualSockets = ['/run/mysqld/mysqld.sock', '/var/lib/mysql/mysql.sock', '/tmp/mysql.sock']

/**
 * Flags count more than the URL, the URL more than option files, those more than the MYSQL_* environment, as in MySQL's own clients
 * ("environment variables have the lowest precedence", Specifying Program Options in the manual).
 *
 * A host in the URL always means TCP. Elsewhere `localhost`, or no host, means the Unix socket where there is one, unless --port or
 * protocol=tcp is given. Naming a host or port on one level sets aside a socket named on a lower one, and option files that name
 * another host mean that host, though the distribution's own files name the local socket.
 *
 * Throws CONFIG_INVALID naming file and line, flag or URL.
 */
export async function resolveConnection(input: ConnectionInput): Promise<ConnectionSettings> {
  const { url, flags = {}, env } = input
  const notice = (message: string): void => input.emit?.({ type: 'notice', level: 'info', message })
  const lines = await readOptionFiles({
    defaultsFile: flags.defaultsFile,
    defaultsExtraFile: flags.defaultsExtraFile,
    groupSuffix: flags.defaultsGroupSuffix,
    loginPath: flags.loginPath,
    env,
    globalFiles: input.globalFiles,
    notice,
  })
  const fromUrl = url === undefined ? {} : valuesOfUrl(url, notice)
  const levels = [valuesOfEnvironment(env, notice), valuesOfLines(lines), fromUrl, valuesOfFlags(flags)]
  const values = levels.reduce(override, {})
  const isTcpMeant = fromUrl.host !== undefined || flags.port !== undefined
  const socketPath = chooseSocket(values, isTcpMeant, input.defaultSockets ?? usualSockets)
  const host = values.host ?? 'localhost'
  const port = values.port ?? defaultPort
  const user = values.user ?? userInfo().username
  const password = flags.password === true ? await askPassword(input, user) : values.password
  return {
    host,
    port,
    ...(socketPath === undefined ? {} : { socketPath }),
    user,
    ...(password === undefined ? {} : { password }),
    ...(values.schema === undefined ? {} : { schema: values.schema }),
    tls: {
      mode: chooseSslMode(values),
      ...(values.caFile === undefined ? {} : { caFile: values.caFile }),
      ...(values.certFile === undefined ? {} : { certFile: values.certFile }),
      ...(values.keyFile === undefined ? {} : { keyFile: values.keyFile }),
    },
    ...(values.allowClearPassword === true ? { allowClearPassword: true } : {}),
    connectTimeoutMs: values.connectTimeoutMs ?? defaultConnectTimeoutMs,
  }
}

/** A level that says where the server is says it whole: a socket of the level below belongs to another server. */
function override(below: ConnectionValues, above: ConnectionValues): ConnectionValues {
  const merged = { ...below, ...above }
  const isElsewhere = above.host !== undefined || above.port !== undefined || above.protocol === 'tcp'
  if (isElsewhere && above.socketPath === undefined) delete merged.socketPath
  return merged
}

function chooseSocket(
  values: ConnectionValues,
  isTcpMeant: boolean,
  sockets: readonly string[],
): string | undefined {
  const { host, protocol, socketPath } = values
  if (protocol === 'tcp') return undefined
  if (socketPath !== undefined) return socketPath
  if (protocol === 'socket') return sockets.find((path) => existsSync(path)) ?? sockets[0]
  return isTcpMeant || !isLocal(host) ? undefined : sockets.find((path) => existsSync(path))
}

function isLocal(host: string | undefined): boolean {
  return host === undefined || host === 'localhost'
}

/** Who names an authority wants it to count: as MySQL's clients, which then verify unless a mode is said. */
function chooseSslMode({ sslMode, caFile }: ConnectionValues): SslMode {
  return sslMode ?? (caFile === undefined ? 'PREFERRED' : 'VERIFY_CA')
}

function valuesOfUrl(url: string, notice: (message: string) => void): ConnectionValues {
  const values = parseConnectionUrl(url)
  if (values.password !== undefined && values.password.reveal() !== '') {
    notice('a password in the URL can be seen by everyone who can list processes; an option file hides it')
  }
  return values
}

function valuesOfFlags(flags: ConnectionFlags): ConnectionValues {
  const values: ConnectionValues = {}
  const texts = {
    host: flags.host,
    port: flags.port?.toString(),
    user: flags.user,
    socket: flags.socket,
    'ssl-mode': flags.sslMode,
    'ssl-ca': flags.sslCa,
    'ssl-cert': flags.sslCert,
    'ssl-key': flags.sslKey,
  }
  for (const [name, value] of Object.entries(texts)) {
    const problem = value === undefined ? undefined : applyOption(values, name, value)
    if (problem !== undefined && problem !== 'unknown') {
      throw new HoldfastError('CONFIG_INVALID', `--${name} ${problem.wrong}`, { flag: name })
    }
  }
  return values
}

function valuesOfLines(lines: readonly OptionLine[]): ConnectionValues {
  const values: ConnectionValues = {}
  for (const { group, name, value, isLoose, file, line } of lines) {
    const problem = applyOption(values, name, value)
    // [client] is read by every client and holds options of all of them; [holdfast] is ours alone.
    if (problem === 'unknown') {
      if (group.startsWith('holdfast') && !isLoose) throw invalid(file, line, `there is no option ${name}`)
    } else if (problem !== undefined) {
      throw invalid(file, line, `${name} ${problem.wrong}`)
    }
  }
  if (!isLocal(values.host) && values.protocol !== 'socket') delete values.socketPath
  return values
}

function valuesOfEnvironment(env: NodeJS.ProcessEnv, notice: (message: string) => void): ConnectionValues {
  const values: ConnectionValues = {}
  const names = {
    MYSQL_HOST: 'host',
    MYSQL_TCP_PORT: 'port',
    MYSQL_UNIX_PORT: 'socket',
    MYSQL_PWD: 'password',
  }
  for (const [variable, name] of Object.entries(names)) {
    const value = env[variable]
    if (value === undefined || value === '') continue
    const problem = applyOption(values, name, value)
    if (problem !== undefined && problem !== 'unknown') {
      throw new HoldfastError('CONFIG_INVALID', `${variable} ${problem.wrong}`, { variable })
    }
  }
  if (values.password !== undefined) {
    notice('MYSQL_PWD is inherited by every child process and may be seen by others; an option file hides it')
  }
  return values
}

async function askPassword(input: ConnectionInput, user: string): Promise<Secret> {
  if (input.readPassword === undefined) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      '--password asks for the password, but nobody can be asked here',
      {},
      {
        hint: 'Put the password into an option file or a login path.',
      },
    )
  }
  return new Secret(await input.readPassword(`Password for ${user}: `))
}

// What one source (a flag, a URL, a line of an option file) says about a connection, and how its text becomes a value.
import { type SslMode, sslModes } from '../core/connection-settings.ts'
import { Secret } from '../core/secret.ts'

/** Every part may be unsaid. */
export interface ConnectionValues {
  host?: string
  port?: number
  user?: string
  password?: Secret
  socketPath?: string
  schema?: string
  protocol?: 'tcp' | 'socket'
  sslMode?: SslMode
  caFile?: string
  certFile?: string
  keyFile?: string
  connectTimeoutMs?: number
  allowClearPassword?: boolean
}

/** Puts the value of one option into `values`; the answer says what is wrong with it, if anything. */
type Apply = (values: ConnectionValues, value: string | undefined) => string | undefined

/** Names as in MySQL's and MariaDB's clients. */
const options: Readonly<Record<string, Apply>> = {
  host: text((values, host) => {
    values.host = host
  }),
  port: integer(1, 65_535, (values, port) => {
    values.port = port
  }),
  user: text((values, user) => {
    values.user = user
  }),
  // Alone, or with nothing behind the "=", it asks for no password here: it is the flag of that name that prompts.
  password: (values, password) => {
    if (password !== undefined) values.password = new Secret(password)
    return undefined
  },
  socket: text((values, socket) => {
    values.socketPath = socket
  }),
  protocol: (values, value) => {
    const protocol = value?.toLowerCase()
    if (protocol !== 'tcp' && protocol !== 'socket') return 'must be tcp or socket'
    values.protocol = protocol
    return undefined
  },
  'ssl-mode': (values, value) => {
    const mode = sslModes.find((mode) => mode === value?.toUpperCase())
    if (mode === undefined) return `must be one of ${sslModes.join(', ')}`
    values.sslMode = mode
    return undefined
  },
  'ssl-ca': text((values, file) => {
    values.caFile = file
  }),
  'ssl-cert': text((values, file) => {
    values.certFile = file
  }),
  'ssl-key': text((values, file) => {
    values.keyFile = file
  }),
  // MariaDB's two switches, in terms of MySQL's modes.
  ssl: flag((values, isOn) => {
    values.sslMode = isOn ? atLeastRequired(values.sslMode) : 'DISABLED'
  }),
  'ssl-verify-server-cert': flag((values, isOn) => {
    if (isOn) values.sslMode = 'VERIFY_IDENTITY'
    else if (values.sslMode?.startsWith('VERIFY')) values.sslMode = 'REQUIRED'
  }),
  'connect-timeout': integer(1, 31_536_000, (values, seconds) => {
    values.connectTimeoutMs = seconds * 1000
  }),
  'enable-cleartext-plugin': flag((values, isOn) => {
    values.allowClearPassword = isOn
  }),
  // Taking no notice of it would leave the server's certificate unchecked.
  'ssl-capath': () => 'is not supported: name one file with ssl-ca',
}

export const connectionOptionNames: readonly string[] = Object.keys(options)

/** `skip-ssl` and `disable-ssl` are `ssl=0`, `enable-ssl` is `ssl=1`; for switches only, as in the clients. */
const switchPrefixes: Readonly<Record<string, string>> = { 'skip-': '0', 'disable-': '0', 'enable-': '1' }

/** Puts an option into `values`. Answers 'unknown' for a name that is no option of a connection, or what is wrong with the value. */
export function applyOption(
  values: ConnectionValues,
  name: string,
  value: string | undefined,
): 'unknown' | { readonly wrong: string } | undefined {
  const [apply, text] = findOption(name, value)
  if (apply === undefined) return 'unknown'
  const wrong = apply(values, text)
  return wrong === undefined ? undefined : { wrong }
}

function findOption(name: string, value: string | undefined): [Apply | undefined, string | undefined] {
  if (Object.hasOwn(options, name)) return [options[name], value]
  for (const [prefix, meaning] of Object.entries(switchPrefixes)) {
    const rest = name.slice(prefix.length)
    if (name.startsWith(prefix) && rest.startsWith('ssl') && value === undefined) {
      return [Object.hasOwn(options, rest) ? options[rest] : undefined, meaning]
    }
  }
  return [undefined, value]
}

function atLeastRequired(mode: SslMode | undefined): SslMode {
  return mode === undefined || mode === 'DISABLED' || mode === 'PREFERRED' ? 'REQUIRED' : mode
}

function text(apply: (values: ConnectionValues, text: string) => void): Apply {
  return (values, value) => {
    if (value === undefined || value === '') return 'needs a value'
    apply(values, value)
    return undefined
  }
}

function integer(
  least: number,
  most: number,
  apply: (values: ConnectionValues, integer: number) => void,
): Apply {
  return (values, value) => {
    const number = /^\d{1,10}$/.test(value ?? '') ? Number(value) : Number.NaN
    if (!(number >= least && number <= most)) return `must be a whole number from ${least} to ${most}`
    apply(values, number)
    return undefined
  }
}

function flag(apply: (values: ConnectionValues, isOn: boolean) => void): Apply {
  return (values, value = '1') => {
    const isOn = ['1', 'true', 'on', 'yes'].includes(value.toLowerCase())
    if (!isOn && !['0', 'false', 'off', 'no'].includes(value.toLowerCase())) return 'must be on or off'
    apply(values, isOn)
    return undefined
  }
}

// How to reach a server: what option files, login paths, URLs and flags boil down to.
import type { Secret } from './secret.ts'

/** Meaning of each mode as in MySQL's --ssl-mode; sockets never use TLS. */
export const sslModes = ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'] as const
export type SslMode = (typeof sslModes)[number]

export interface TlsSettings {
  readonly mode: SslMode
  /** PEM file of certificate authorities to trust. */
  readonly caFile?: string
  /** PEM files of the client's certificate and key. */
  readonly certFile?: string
  readonly keyFile?: string
}

export interface ConnectionSettings {
  readonly host: string
  readonly port: number
  /** Unix socket; when set, host and port are only for messages. */
  readonly socketPath?: string
  readonly user: string
  readonly password?: Secret
  /** Default schema of the session. */
  readonly schema?: string
  readonly tls: TlsSettings
  /** Whether the password may be sent as it is when the server asks for that, over TLS or a socket; false when absent. */
  readonly allowClearPassword?: boolean
  /** Bound for TCP connect, TLS and login together, in milliseconds. */
  readonly connectTimeoutMs: number
}

/** `user@host:port` or `user@socket`, for messages; never holds a password. */
export function describeConnection(settings: ConnectionSettings): string {
  return `${settings.user}@${settings.socketPath ?? `${settings.host}:${settings.port}`}`
}

// What a login plugin is: a first answer to the server's challenge, and answers to what it asks after that.

/** How well the way to the server keeps a password from listeners. */
export type ChannelSecurity = 'tls' | 'socket' | 'plain'

export interface AuthContext {
  /** UTF-8 bytes of the password; empty when the account has none. */
  readonly password: Buffer
  /** The server's challenge. */
  readonly nonce: Buffer
  readonly security: ChannelSecurity
  /** Whether the user allowed the password to be sent as it is (over TLS or a socket only). */
  readonly allowClearPassword: boolean
}

export interface AuthPlugin {
  readonly name: string
  /** The answer to the challenge. */
  first(context: AuthContext): Buffer
  /** The answer to more data from the server, or undefined when it wants none. Absent: the plugin expects no more data. */
  next?(data: Buffer, context: AuthContext): Buffer | undefined
}

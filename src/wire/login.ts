// From an open socket to a session: handshake, TLS, login plugin, and the switches between plugins a server may ask for.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { AuthContext, AuthPlugin, ChannelSecurity } from './auth/auth-plugin.ts'
import { findAuthPlugin, requireAuthPlugin } from './auth/auth-plugins.ts'
import { mysqlClearPassword } from './auth/mysql-clear-password.ts'
import { mysqlNativePassword } from './auth/mysql-native-password.ts'
import { describePeer } from './open-socket.ts'
import type { PacketChannel } from './packet-channel.ts'
import {
  authMoreDataHeader,
  authSwitchHeader,
  parseAuthMoreData,
  parseAuthSwitchRequest,
} from './packets/auth-switch.ts'
import {
  capability,
  neededCapabilities,
  utf8mb4GeneralCi,
  wantedCapabilities,
} from './packets/capabilities.ts'
import { isErr, parseErr } from './packets/err.ts'
import { type Handshake, parseHandshake } from './packets/handshake.ts'
import { handshakeResponseToBytes, sslRequestToBytes } from './packets/handshake-response.ts'
import { okHeader } from './packets/ok.ts'
import { loginError } from './server-error.ts'
import { startTls, wantsTls } from './tls.ts'

const attributes = { program_name: 'holdfast' }

/** A login takes two round trips, three with a switch and five with RSA; a server that asks on and on is not one. */
const maxLoginPackets = 10

/** Throws ACCESS_DENIED, AUTH_PLUGIN_UNSUPPORTED, TLS_FAILED, SOURCE_UNREACHABLE, SERVER_UNSUPPORTED or CONNECTION_LOST. */
export async function logIn(
  channel: PacketChannel,
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<Handshake> {
  const peer = describePeer(settings)
  const greeting = await channel.read()
  if (isErr(greeting)) throw loginError(parseErr(greeting), peer)
  const handshake = parseGreeting(greeting, peer)
  const isSecure = wantsTls(settings, (handshake.capabilities & capability.ssl) !== 0)
  const capabilities = chooseCapabilities(handshake, settings, isSecure)
  if (isSecure) {
    channel.write(sslRequestToBytes({ capabilities, collationId: utf8mb4GeneralCi }))
    await channel.upgrade((plain) => startTls(plain, settings, signal))
  }
  const security: ChannelSecurity = isSecure ? 'tls' : settings.socketPath === undefined ? 'plain' : 'socket'
  const password = Buffer.from(settings.password?.reveal() ?? '', 'utf8')
  const { allowClearPassword = false } = settings
  const context: AuthContext = { password, nonce: handshake.nonce, security, allowClearPassword }
  try {
    await authenticate(channel, settings, handshake.authPlugin, capabilities, context)
    return handshake
  } finally {
    password.fill(0)
  }
}

/** Answers the challenge, and whatever the server asks after that, until it says OK. */
async function authenticate(
  channel: PacketChannel,
  settings: ConnectionSettings,
  defaultPlugin: string,
  capabilities: number,
  firstContext: AuthContext,
): Promise<void> {
  let context = firstContext
  let plugin = await firstPlugin(defaultPlugin)
  channel.write(
    handshakeResponseToBytes({
      capabilities,
      collationId: utf8mb4GeneralCi,
      user: settings.user,
      authResponse: plugin.first(context),
      ...(settings.schema === undefined ? {} : { schema: settings.schema }),
      authPlugin: plugin.name,
      attributes,
    }),
  )
  for (let packets = 0; packets < maxLoginPackets; packets++) {
    const packet = await channel.read()
    if (packet[0] === okHeader) return
    if (isErr(packet)) throw loginError(parseErr(packet), describePeer(settings))
    if (packet[0] === authSwitchHeader) {
      const request = parseAuthSwitchRequest(packet)
      plugin = await requireAuthPlugin(request.plugin, settings.user)
      context = { ...context, nonce: request.nonce }
      channel.write(plugin.first(context))
    } else if (packet[0] === authMoreDataHeader) {
      const answer = nextAnswer(plugin, parseAuthMoreData(packet), context)
      if (answer !== undefined) channel.write(answer)
    } else {
      throw unexpected(`header 0x${packet[0]?.toString(16) ?? ' of an empty packet'}`)
    }
  }
  throw unexpected(`${maxLoginPackets} packets and still no end`)
}

function parseGreeting(greeting: Buffer, peer: string): Handshake {
  const handshake = parseHandshake(greeting)
  if ((handshake.capabilities & neededCapabilities) !== neededCapabilities) {
    throw new HoldfastError(
      'SERVER_UNSUPPORTED',
      `the server at ${peer} (${handshake.serverVersion}) is too old to log in to`,
      { version: handshake.serverVersion },
    )
  }
  return handshake
}

/** Never more than the server has; bits it lacks but we need were checked before. */
function chooseCapabilities(handshake: Handshake, settings: ConnectionSettings, isSecure: boolean): number {
  const wanted =
    wantedCapabilities |
    (isSecure ? capability.ssl : 0) |
    (settings.schema === undefined ? 0 : capability.connectWithDb)
  // MariaDB leaves longPassword (its CLIENT_MYSQL) out of its own bits, and reads ours to know what kind of client we are.
  return ((wanted & handshake.capabilities) | capability.longPassword) >>> 0
}

/** The server's default, unless we do not speak it or it would have us send the password unasked: then the server will switch. */
async function firstPlugin(name: string): Promise<AuthPlugin> {
  const plugin = await findAuthPlugin(name)
  return plugin === undefined || plugin === mysqlClearPassword ? mysqlNativePassword : plugin
}

function nextAnswer(plugin: AuthPlugin, data: Buffer, context: AuthContext): Buffer | undefined {
  if (plugin.next === undefined) throw unexpected(`more data for ${plugin.name}, which has none`)
  return plugin.next(data, context)
}

function unexpected(found: string): MalformedDataError {
  return new MalformedDataError({
    what: 'login answer',
    offset: 0,
    expected: 'OK, an error or a request',
    found,
  })
}

// A session of a server: socket, login, and the bounds on how long both may take together.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { logIn } from './login.ts'
import { describePeer, openSocket } from './open-socket.ts'
import { PacketChannel } from './packet-channel.ts'
import type { Handshake } from './packets/handshake.ts'

export interface Session {
  readonly channel: PacketChannel
  readonly handshake: Handshake
}

/** Throws what openSocket and logIn throw, SOURCE_UNREACHABLE when settings.connectTimeoutMs is over, or the signal's reason. */
export async function openSession(settings: ConnectionSettings, signal?: AbortSignal): Promise<Session> {
  const timeout = AbortSignal.timeout(settings.connectTimeoutMs)
  const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal])
  signal?.throwIfAborted()
  try {
    const { socket, lendTo } = await openSocket(settings, either)
    const channel = new PacketChannel(socket, describePeer(settings), lendTo)
    const onAbort = (): void => channel.destroy()
    either.addEventListener('abort', onAbort)
    try {
      either.throwIfAborted()
      return { channel, handshake: await logIn(channel, settings, either) }
    } catch (error) {
      channel.destroy()
      throw error
    } finally {
      either.removeEventListener('abort', onAbort)
    }
  } catch (error) {
    signal?.throwIfAborted()
    const peer = describePeer(settings)
    if (error instanceof MalformedDataError) {
      throw new HoldfastError(
        'SOURCE_UNREACHABLE',
        `what answers at ${peer} does not speak the MySQL protocol: ${error.message}`,
        { server: peer },
        { cause: error, hint: 'Check that host and port are those of the server.' },
      )
    }
    if (!timeout.aborted) throw error
    throw new HoldfastError(
      'SOURCE_UNREACHABLE',
      `no session with ${peer} within ${settings.connectTimeoutMs} ms`,
      { server: peer, timeoutMs: settings.connectTimeoutMs },
      { cause: error },
    )
  }
}

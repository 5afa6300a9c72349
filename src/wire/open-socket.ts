// Opens the TCP connection or Unix socket to a server, and turns what can go wrong into SOURCE_UNREACHABLE.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'

/** A peer that vanished without a word is noticed after this long of silence, by the system's keep-alive probes. */
const keepAliveDelayMs = 30_000

/** The server as users know it: host:port, or the path of the socket. */
export function describePeer(settings: ConnectionSettings): string {
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host
  return settings.socketPath ?? `${host}:${settings.port}`
}

/** Throws SOURCE_UNREACHABLE, or the signal's reason. */
export async function openSocket(settings: ConnectionSettings, signal: AbortSignal): Promise<Socket> {
  const { host, port, socketPath } = settings
  const socket =
    socketPath === undefined
      ? connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs })
      : connect({ path: socketPath })
  try {
    await once(socket, 'connect', { signal })
    return socket
  } catch (cause) {
    socket.destroy()
    // A late error of the abandoned attempt has nobody else to listen to it.
    socket.on('error', () => undefined)
    signal.throwIfAborted()
    const peer = describePeer(settings)
    throw new HoldfastError(
      'SOURCE_UNREACHABLE',
      `cannot reach a server at ${peer}: ${reason(cause)}`,
      { server: peer },
      { cause },
    )
  }
}

function reason(cause: unknown): string {
  // Happy eyeballs: one error for each address of the host.
  const errors: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [cause]
  const codes = errors.map((error) =>
    error instanceof Error && 'code' in error ? String(error.code) : String(error),
  )
  return [...new Set(codes)].map((code) => reasons[code] ?? code).join(', ')
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host is not known (ENOTFOUND)',
  EAI_AGAIN: 'the name service does not answer (EAI_AGAIN)',
  ECONNREFUSED: 'connection refused (ECONNREFUSED)',
  ENOENT: 'there is no such socket (ENOENT)',
  EACCES: 'no permission to open it (EACCES)',
  ETIMEDOUT: 'no answer (ETIMEDOUT)',
  EHOSTUNREACH: 'no route to the host (EHOSTUNREACH)',
}

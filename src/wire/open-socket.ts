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

/** Takes bytes that lie in a buffer of their giver: they are valid until it returns. */
export type TakeBorrowed = (bytes: Buffer) => void

export interface OpenSocket {
  readonly socket: Socket
  /** Names who takes the bytes that arrive from now on; the socket has no 'data' events. */
  readonly lendTo: (take: TakeBorrowed) => void
}

// As long as what a read finds waiting when rows stream in; a buffer of its own for every read of 64 KiB, as Node makes them, is garbage
// that took a fifth of all processor time of a backup.
const readBytes = 128 * 1024

/** Throws SOURCE_UNREACHABLE, or the signal's reason. */
export async function openSocket(settings: ConnectionSettings, signal: AbortSignal): Promise<OpenSocket> {
  const { host, port, socketPath } = settings
  const buffer = Buffer.allocUnsafeSlow(readBytes)
  let take: TakeBorrowed | undefined
  const onread = {
    buffer,
    callback: (length: number) => {
      take?.(buffer.subarray(0, length))
      return true
    },
  }
  const socket =
    socketPath === undefined
      ? connect({
          host,
          port,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: keepAliveDelayMs,
          onread,
        })
      : connect({ path: socketPath, onread })
  // Nothing is read until there is somebody to take it.
  socket.pause()
  try {
    await once(socket, 'connect', { signal })
    const lendTo = (taker: TakeBorrowed): void => {
      take = taker
      socket.resume()
    }
    return { socket, lendTo }
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

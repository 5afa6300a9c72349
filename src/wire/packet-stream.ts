// The packets that answer a command without end: binary log dumps, and other streams of a server.
import type { PacketChannel } from './packet-channel.ts'
import { isEof } from './packets/eof.ts'
import { isErr, parseErr } from './packets/err.ts'
import { serverError } from './server-error.ts'

export interface PacketStream extends AsyncIterable<Buffer> {
  /** Sends a packet of our own between theirs, with sequence id 0: acknowledgements. Resolves when the socket takes more. */
  send(packet: Uint8Array): Promise<void>
}

/**
 * Packets as they come, those of 16 MiB and more joined, in a buffer that may be kept (but holds on to what came with it).
 * An EOF ends the stream and leaves the connection usable. An ERR is thrown as the server's error. Stopping earlier, by `signal`
 * or by leaving the loop, gives up the connection. Packets that nobody takes stay in the socket: the server has to wait.
 */
export function packetStream(
  channel: PacketChannel,
  signal: AbortSignal | undefined,
  onEnd: () => void,
): PacketStream {
  const onAbort = (): void => channel.destroy()
  return {
    async send(packet) {
      channel.writeAhead(packet)
      while (channel.needsDrain) await channel.drained()
    },
    async *[Symbol.asyncIterator]() {
      signal?.addEventListener('abort', onAbort, { once: true })
      let isEnded = false
      try {
        for (;;) {
          signal?.throwIfAborted()
          const packet = channel.tryRead() ?? (await channel.read())
          isEnded = isEof(packet) || isErr(packet)
          if (isErr(packet)) throw serverError(parseErr(packet), undefined)
          if (isEnded) return
          yield packet
        }
      } catch (error) {
        signal?.throwIfAborted()
        throw error
      } finally {
        signal?.removeEventListener('abort', onAbort)
        if (!isEnded) channel.destroy()
        onEnd()
      }
    },
  }
}

// Stands between Holdfast and a server, counts what passes, and cuts every connection at a chosen packet, as a kill -9 would.
import type { Socket } from 'node:net'
import { LocalProxy } from './local-proxy.ts'

/** A command of a client (the text of a query, '' of others), or a piece of a file that it sends for LOAD DATA. */
export type Passing =
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'file'; readonly isEnd: boolean }

const headerBytes = 4
const comQuery = 3

/** 'of this connection': the others go on, and new ones are let in. */
export type IsLast = boolean | 'of this connection'

/**
 * Only for connections in clear. Before each packet `isLast` is asked; when it says so, the packet and all behind it never reach
 * the server, all connections are closed, and nobody is let in any more.
 */
export class StatementProxy extends LocalProxy {
  readonly #isLast: (passing: Passing) => IsLast
  #isCut = false

  private constructor(port: number, isLast: (passing: Passing) => IsLast) {
    super(port)
    this.#isLast = isLast
  }

  static async open(port: number, isLast: (passing: Passing) => IsLast): Promise<StatementProxy> {
    return await new StatementProxy(port, isLast).listen()
  }

  protected override pass(client: Socket, upstream: Socket): void {
    if (this.#isCut) client.destroy()
    upstream.pipe(client)
    const splitter = new PacketSplitter()
    client.on('data', (bytes: Buffer) => {
      for (const { packet, passing } of splitter.push(bytes)) {
        if (this.#isCut) return
        const isLast = passing !== undefined && this.#isLast(passing)
        if (isLast === true) return this.cut()
        if (isLast === 'of this connection') return void client.destroy()
        upstream.write(packet)
      }
    })
  }

  protected override end(client: Socket, upstream: Socket): void {
    client.destroy()
    upstream.end()
  }

  /** What was let through still reaches the server. */
  protected override cut(): void {
    this.#isCut = true
    for (const socket of this.sockets) socket.end()
  }
}

interface SplitPacket {
  readonly packet: Buffer
  readonly passing: Passing | undefined
}

/** Packets of a client. Those of its login carry numbers above 0 before the first command, and are none of our business. */
class PacketSplitter {
  #rest: Buffer = Buffer.alloc(0)
  #isLoggedIn = false

  push(bytes: Buffer): readonly SplitPacket[] {
    const packets: SplitPacket[] = []
    this.#rest = Buffer.concat([this.#rest, bytes])
    while (this.#rest.length >= headerBytes) {
      const length = this.#rest.readUIntLE(0, 3)
      const sequence = this.#rest.readUInt8(3)
      if (this.#rest.length < headerBytes + length) break
      const packet = this.#rest.subarray(0, headerBytes + length)
      this.#rest = this.#rest.subarray(headerBytes + length)
      if (sequence === 0) this.#isLoggedIn = true
      packets.push({ packet, passing: this.#isLoggedIn ? passingOf(packet, sequence) : undefined })
    }
    return packets
  }
}

function passingOf(packet: Buffer, sequence: number): Passing {
  if (sequence > 0) return { kind: 'file', isEnd: packet.length === headerBytes }
  const text = packet[headerBytes] === comQuery ? packet.subarray(headerBytes + 1).toString('latin1') : ''
  return { kind: 'command', text }
}

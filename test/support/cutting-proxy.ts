// Stands between Holdfast and a server and breaks all connections whenever so many bytes have come, as a bad network would.
import type { Socket } from 'node:net'
import { LocalProxy } from './local-proxy.ts'

export class CuttingProxy extends LocalProxy {
  readonly #nextCut: () => number
  #untilCut: number
  /** From the server, over all connections. */
  passedBytes = 0
  cuts = 0

  private constructor(port: number, nextCut: () => number) {
    super(port)
    this.#nextCut = nextCut
    this.#untilCut = nextCut()
  }

  /** `nextCut` is asked after each cut how many bytes from the server pass before the next; Infinity is never. */
  static async open(port: number, nextCut: () => number): Promise<CuttingProxy> {
    return await new CuttingProxy(port, nextCut).listen()
  }

  protected override pass(client: Socket, upstream: Socket): void {
    client.pipe(upstream)
    upstream.on('data', (bytes: Buffer) => {
      const passed = bytes.subarray(0, Math.min(bytes.length, this.#untilCut))
      this.#untilCut -= passed.length
      this.passedBytes += passed.length
      if (!client.write(passed)) {
        upstream.pause()
        client.once('drain', () => upstream.resume())
      }
      if (this.#untilCut > 0) return
      this.cuts += 1
      this.#untilCut = this.#nextCut()
      this.cut()
    })
  }

  protected override end(client: Socket, upstream: Socket): void {
    client.destroy()
    upstream.destroy()
  }

  /** What was passed on may or may not arrive. */
  protected override cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }
}

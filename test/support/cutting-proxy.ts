// Stands between Holdfast and a server and breaks all connections whenever so many bytes have come, as a bad network would.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class CuttingProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #nextCut: () => number
  #untilCut: number
  /** From the server, over all connections. */
  passedBytes = 0
  cuts = 0

  private constructor(port: number, nextCut: () => number) {
    this.#nextCut = nextCut
    this.#untilCut = nextCut()
    this.#server = createServer((client) => this.#join(client, connect(port, '127.0.0.1')))
  }

  /** `nextCut` is asked after each cut how many bytes from the server pass before the next; Infinity is never. */
  static async open(port: number, nextCut: () => number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port, nextCut)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return address.port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket, upstream: Socket): void {
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      this.#sockets.add(socket)
      // Ends of connections, however they come, are what this is for.
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
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
      this.#cut()
    })
  }

  /** What was passed on may or may not arrive. */
  #cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

// Stands between Holdfast and a server on a port of its own; what passes and what breaks is for those who build on it to say.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export abstract class LocalProxy implements AsyncDisposable {
  readonly #server: Server
  #upstreamPort: number
  protected readonly sockets = new Set<Socket>()

  protected constructor(port: number) {
    this.#upstreamPort = port
    this.#server = createServer((client) => this.#join(client, connect(this.#upstreamPort, '127.0.0.1')))
  }

  protected async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return address.port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** From now on another server answers, as where an address was moved to it. */
  turnTo(port: number): void {
    this.#upstreamPort = port
    this.cut()
  }

  /** What passes between the two. */
  protected abstract pass(client: Socket, upstream: Socket): void

  /** One side of a connection has ended, however it came. */
  protected abstract end(client: Socket, upstream: Socket): void

  /** Ends all connections. */
  protected abstract cut(): void

  #join(client: Socket, upstream: Socket): void {
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      this.sockets.add(socket)
      // Ends of connections, however they come, are what this is for.
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        this.sockets.delete(socket)
        this.end(client, upstream)
      })
    }
    this.pass(client, upstream)
  }
}

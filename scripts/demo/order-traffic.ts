// Customers of the sample shop: orders that come in one after the other at a steady pace, until the server is gone.
import { setTimeout as sleep } from 'node:timers/promises'
import { connectTo, type ServerConnection } from './server-connection.ts'

/** 40 orders a second: a busy shop, and little enough to leave the machine to the work shown. */
const paceMs = 25

export interface PlacedOrder {
  readonly id: number
  /** When the server had acknowledged its COMMIT, in milliseconds since 1970. */
  readonly acknowledgedMs: number
}

export class OrderTraffic implements AsyncDisposable {
  /** Every order that the server acknowledged, in order. */
  readonly placed: PlacedOrder[] = []
  readonly #connection: ServerConnection
  #isPaused = false
  #isEnded = false
  #current: Promise<void> = Promise.resolve()
  readonly #loop: Promise<void>

  private constructor(connection: ServerConnection) {
    this.#connection = connection
    this.#loop = this.#run()
  }

  static async start(port: number): Promise<OrderTraffic> {
    const connection = await connectTo(port)
    await connection.query('USE shop')
    return new OrderTraffic(connection)
  }

  /** Returns when no transaction is open any more. */
  async pause(): Promise<void> {
    this.#isPaused = true
    await this.#current
  }

  resume(): void {
    this.#isPaused = false
  }

  /** Waits until `count` more orders were placed. */
  async waitFor(count: number): Promise<void> {
    const goal = this.placed.length + count
    while (this.placed.length < goal && !this.#isEnded) await sleep(paceMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true
    await this.#loop
    await this.#connection[Symbol.asyncDispose]()
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.#isEnded; turn++) {
      if (!this.#isPaused) {
        this.#current = this.#placeOrder(turn)
        await this.#current
      }
      await sleep(paceMs)
    }
  }

  async #placeOrder(turn: number): Promise<void> {
    const { query, insert } = this.#connection
    try {
      await query('START TRANSACTION')
      const id = await insert(
        `INSERT INTO orders (customer_id, note) VALUES (${1 + (turn % 1000)}, 'während der Demo')`,
      )
      const lines = Array.from({ length: 1 + (turn % 3) }, (_, line) => {
        return `(${id}, ${line + 1}, ${1 + ((turn * 7 + line) % 4000)}, ${1 + (turn % 5)}, ${(turn % 90) + 0.95})`
      })
      await query(
        `INSERT INTO order_items (order_id, line_no, product_id, quantity, price) VALUES ${lines.join(', ')}`,
      )
      await query(`INSERT INTO payments (order_id, amount) SELECT ${id}, order_value(${id})`)
      if (turn % 4 === 0) await query(`UPDATE orders SET status = 'paid' WHERE id = ${id}`)
      if (turn % 10 === 0) await query('DELETE FROM page_views ORDER BY seen_at LIMIT 1')
      await query('COMMIT')
      this.placed.push({ id, acknowledgedMs: Date.now() })
    } catch (error) {
      // The demo kills its server while orders come in: the order on its way is lost, and so is the shop.
      if (!isLostConnection(error)) throw error
      this.#isEnded = true
    }
  }
}

function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return (
    /^(PROTOCOL_CONNECTION_LOST|ECONNRESET|EPIPE|ECONNREFUSED)$/.test(code) ||
    /closed state/.test(error.message)
  )
}

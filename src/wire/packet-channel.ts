// Packets over a socket: framing, sequence ids, packets of 16 MiB and more, and back-pressure both ways.
import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { TakeBorrowed } from './open-socket.ts'
import { isErr, parseErr } from './packets/err.ts'

/** Longest payload of one packet; a longer one goes on in the next, and one of exactly this length is followed by an empty one. */
export const maxPayloadBytes = 0xff_ff_ff
const headerBytes = 4

/** Received bytes that may wait for their reader: 16 reads of 64 KiB. Past that the socket is paused, so TCP slows the server. */
const inputHighWaterBytes = 16 * 64 * 1024

/** No server sends more than max_allowed_packet in one piece, and that is 1 GiB at most; one more MiB for the row around it. */
const maxMergedBytes = 1025 * 1024 * 1024

/** Up to this length header and payload are copied into one buffer; above, the copy costs more than a second write. */
const copyLimitBytes = 16 * 1024

/** Takes bytes that just arrived, at once. Answers those that are to wait for `tryReadChunk`, or undefined to be given the next ones. */
export type TakeArriving = (bytes: Buffer) => Buffer | undefined

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

/** A packet that is longer than what has arrived of it. */
interface Assembly {
  readonly payload: Buffer
  filled: number
}

/**
 * Owns a socket. Reading is by pulling: `tryRead` while it answers, then `await moreInput()`. One reader and one writer at a time.
 * When the connection ends, what had arrived can still be read; after that every wait rejects with CONNECTION_LOST.
 */
export class PacketChannel {
  /** Sequence id of the next packet, sent or received. */
  #sequence = 0
  /** Streams that never end (replication) and rows read raw are not checked for their sequence. */
  #isSequenceChecked = true
  #socket: Duplex
  readonly #peer: string
  #head: Buffer = Buffer.alloc(0)
  #rest: Buffer[] = []
  #waitingBytes = 0
  #assembly: Assembly | undefined
  #parts: Buffer[] = []
  #partsBytes = 0
  #inputWaiter: Waiter | undefined
  #arriving: TakeArriving | undefined
  #drainWaiter: Waiter | undefined
  #lost: HoldfastError | undefined
  readonly #onData = (chunk: Buffer): void => this.#receive(chunk, false)
  readonly #onDrain = (): void => this.#wake('drain')
  readonly #onEnd = (): void => this.#lose(undefined)
  readonly #onError = (error: Error): void => this.#lose(error)

  /**
   * `peer` names the server in messages: host:port or the path of the socket. `lendTo` is given where the socket reads into a buffer of
   * its own instead of having 'data' events.
   */
  constructor(socket: Duplex, peer: string, lendTo?: (take: TakeBorrowed) => void) {
    this.#peer = peer
    this.#socket = socket
    this.#listen()
    lendTo?.((bytes) => this.#receive(bytes, true))
  }

  get lost(): HoldfastError | undefined {
    return this.#lost
  }

  get hasInput(): boolean {
    return this.#head.length > 0 || this.#rest.length > 0
  }

  /** Starts a command: the next packet has sequence id 0. */
  startCommand(): void {
    this.#sequence = 0
    this.#isSequenceChecked = true
  }

  /** Starts the answer to a command that was sent before others: its numbers go on behind those of the command's packets. */
  startAnswer(commandPackets = 1): void {
    this.#sequence = commandPackets & 0xff
    this.#isSequenceChecked = true
  }

  /** Between commands a server speaks only to say why it ends the session; who comes next is told so. */
  noticeUnasked(): void {
    if (!this.hasInput) return
    this.#isSequenceChecked = false
    const packet = this.tryRead()
    const err = packet !== undefined && isErr(packet) ? parseErr(packet) : undefined
    const why =
      err === undefined ? 'the server sent what nobody had asked for' : `${err.message} (errno ${err.errno})`
    this.#lost = undefined
    this.destroy(new Error(why))
  }

  /** From here to the next command any sequence id is taken. */
  stopCheckingSequence(): void {
    this.#isSequenceChecked = false
  }

  /** Swaps the plain socket for the TLS one that `wrap` makes of it. Throws when bytes had come in clear that nobody asked for. */
  async upgrade(wrap: (socket: Duplex) => Promise<Duplex>): Promise<void> {
    if (this.hasInput) {
      // Bytes before the TLS handshake could be an attacker's, to be taken for the server's later (CVE-2021-23222 in PostgreSQL).
      throw new HoldfastError('TLS_FAILED', `${this.#peer} sent data in clear after it was asked for TLS`)
    }
    const plain = this.#socket
    this.#unlisten()
    this.#socket = await wrap(plain)
    this.#listen()
  }

  /** The next whole packet if it has arrived. The buffer may be a view of a larger one. */
  tryRead(): Buffer | undefined {
    for (;;) {
      if (this.#assembly === undefined && !this.#startPacket()) return undefined
      const payload = this.#finishPacket()
      if (payload === undefined) return undefined
      if (payload.length === maxPayloadBytes) {
        this.#addPart(payload)
        continue
      }
      if (this.#parts.length === 0) return payload
      this.#addPart(payload)
      const whole = Buffer.concat(this.#parts, this.#partsBytes)
      this.#parts = []
      this.#partsBytes = 0
      return whole
    }
  }

  async read(): Promise<Buffer> {
    for (;;) {
      const packet = this.tryRead()
      if (packet !== undefined) return packet
      await this.moreInput()
    }
  }

  /**
   * Resolves when more bytes than before have arrived. `arriving` is given them before they are kept, which copies them; then this
   * resolves when it wants no more.
   */
  moreInput(arriving?: TakeArriving): Promise<void> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    assert(this.#inputWaiter === undefined, 'two readers on one connection')
    return new Promise((resolve, reject) => {
      this.#inputWaiter = { resolve, reject }
      this.#arriving = arriving
    })
  }

  /** Bytes as they came, headers included, if some wait. Only between packets. */
  tryReadChunk(): Buffer | undefined {
    assert(this.#assembly === undefined && this.#parts.length === 0, 'raw read within a packet')
    if (this.#head.length === 0 && !this.#nextChunk()) return undefined
    const chunk = this.#head
    this.#consume(chunk.length)
    return chunk
  }

  /** Gives back the end of a chunk that belongs to the packets after it. */
  unreadChunk(chunk: Buffer): void {
    if (chunk.length === 0) return
    if (this.#head.length > 0) this.#rest.unshift(this.#head)
    this.#head = chunk
    this.#waitingBytes += chunk.length
  }

  /** Sends a packet, split where it is long. Throws CONNECTION_LOST when there is nobody to send to. */
  write(payload: Uint8Array): void {
    this.#write(payload, () => this.#nextSequence())
  }

  /** Sends a command while the answer to an earlier one is still coming: it counts its packets by itself. */
  writeAhead(payload: Uint8Array): void {
    let sequence = 0
    this.#write(payload, () => sequence++ & 0xff)
  }

  /** Sends bytes that hold whole packets already. */
  writeFramed(packets: Buffer): void {
    this.#throwIfLost()
    this.#socket.write(packets)
  }

  get needsDrain(): boolean {
    return this.#socket.writableNeedDrain
  }

  /**
   * Resolves when the socket takes more, or when something came in (a server that has had enough says so before it stops reading).
   * Rejects when the connection ends.
   */
  drained(): Promise<void> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    if (!this.needsDrain) return Promise.resolve()
    assert(this.#drainWaiter === undefined, 'two writers on one connection')
    return new Promise((resolve, reject) => {
      this.#drainWaiter = { resolve, reject }
    })
  }

  /** Drops the connection; `reason` is told to who waits, and to who comes later. */
  destroy(reason?: Error): void {
    this.#lose(reason)
    this.#socket.destroy()
  }

  /** Ends the connection after what was written, and waits for the server to close it, for `graceMs` at most. */
  async end(graceMs: number): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs)
      socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      socket.end()
    })
    this.destroy()
  }

  #write(payload: Uint8Array, nextSequence: () => number): void {
    this.#throwIfLost()
    if (payload.length <= copyLimitBytes) {
      const packet = Buffer.allocUnsafe(headerBytes + payload.length)
      writeHeader(packet, payload.length, nextSequence())
      packet.set(payload, headerBytes)
      this.#socket.write(packet)
      return
    }
    this.#socket.cork()
    for (let offset = 0; offset <= payload.length; offset += maxPayloadBytes) {
      const part = payload.subarray(offset, offset + maxPayloadBytes)
      const header = Buffer.allocUnsafe(headerBytes)
      writeHeader(header, part.length, nextSequence())
      this.#socket.write(header)
      if (part.length > 0) this.#socket.write(part)
    }
    this.#socket.uncork()
  }

  #listen(): void {
    this.#socket
      .on('data', this.#onData)
      .on('drain', this.#onDrain)
      .on('end', this.#onEnd)
      .on('close', this.#onEnd)
      .on('error', this.#onError)
  }

  #unlisten(): void {
    this.#socket
      .off('data', this.#onData)
      .off('drain', this.#onDrain)
      .off('end', this.#onEnd)
      .off('close', this.#onEnd)
      .off('error', this.#onError)
  }

  #receive(chunk: Buffer, isBorrowed: boolean): void {
    const kept = this.#arriving === undefined ? chunk : this.#arriving(chunk)
    if (kept === undefined) return
    if (kept.length > 0) this.#rest.push(isBorrowed ? Buffer.from(kept) : kept)
    this.#waitingBytes += kept.length
    if (this.#waitingBytes >= inputHighWaterBytes) this.#socket.pause()
    this.#wake('input')
  }

  #consume(length: number): void {
    this.#head = this.#head.subarray(length)
    this.#waitingBytes -= length
    if (this.#waitingBytes < inputHighWaterBytes / 2 && this.#socket.isPaused()) this.#socket.resume()
  }

  #nextChunk(): boolean {
    const next = this.#rest.shift()
    if (next === undefined) return false
    this.#head = this.#head.length === 0 ? next : Buffer.concat([this.#head, next])
    return true
  }

  #startPacket(): boolean {
    while (this.#head.length < headerBytes) {
      if (!this.#nextChunk()) return false
    }
    const length = this.#head.readUIntLE(0, 3)
    this.#checkSequence(this.#head.readUInt8(3))
    if (this.#partsBytes + length > maxMergedBytes) {
      throw this.#malformed(`a packet below ${maxMergedBytes} bytes`, 'a longer one')
    }
    this.#consume(headerBytes)
    if (this.#head.length >= length) {
      this.#assembly = { payload: this.#head.subarray(0, length), filled: length }
      this.#consume(length)
    } else {
      this.#assembly = { payload: Buffer.allocUnsafeSlow(length), filled: 0 }
    }
    return true
  }

  #finishPacket(): Buffer | undefined {
    const assembly = this.#assembly
    assert(assembly !== undefined, 'no packet was started')
    const { payload } = assembly
    while (assembly.filled < payload.length) {
      if (this.#head.length === 0 && !this.#nextChunk()) return undefined
      const length = Math.min(this.#head.length, payload.length - assembly.filled)
      this.#head.copy(payload, assembly.filled, 0, length)
      assembly.filled += length
      this.#consume(length)
    }
    this.#assembly = undefined
    return payload
  }

  #addPart(part: Buffer): void {
    this.#parts.push(part)
    this.#partsBytes += part.length
  }

  #checkSequence(found: number): void {
    const expected = this.#nextSequence()
    if (this.#isSequenceChecked && found !== expected) {
      throw this.#malformed(`sequence id ${expected}`, String(found))
    }
    if (!this.#isSequenceChecked) this.#sequence = (found + 1) & 0xff
  }

  #nextSequence(): number {
    const sequence = this.#sequence
    this.#sequence = (sequence + 1) & 0xff
    return sequence
  }

  /** After bytes that are not the protocol nothing can be trusted on this connection. */
  #malformed(expected: string, found: string): MalformedDataError {
    const error = new MalformedDataError({ what: `packet from ${this.#peer}`, offset: 0, expected, found })
    this.destroy(error)
    return error
  }

  #wake(event: 'input' | 'drain'): void {
    if (event === 'input') {
      const waiter = this.#inputWaiter
      this.#inputWaiter = undefined
      this.#arriving = undefined
      waiter?.resolve()
    }
    const waiter = this.#drainWaiter
    this.#drainWaiter = undefined
    waiter?.resolve()
  }

  #lose(cause: Error | undefined): void {
    if (this.#lost !== undefined) return
    const why = cause === undefined ? 'the server closed the connection' : cause.message
    this.#lost = new HoldfastError(
      'CONNECTION_LOST',
      `lost the connection to ${this.#peer}: ${why}`,
      { server: this.#peer },
      cause === undefined ? {} : { cause },
    )
    const waiters = [this.#inputWaiter, this.#drainWaiter]
    this.#inputWaiter = undefined
    this.#arriving = undefined
    this.#drainWaiter = undefined
    for (const waiter of waiters) waiter?.reject(this.#lost)
  }

  #throwIfLost(): void {
    if (this.#lost !== undefined) throw this.#lost
  }
}

function writeHeader(target: Buffer, length: number, sequence: number): void {
  target.writeUIntLE(length, 0, 3)
  target[3] = sequence
}

// Sends statements one after the other without waiting for each answer, within bounds.
import assert from 'node:assert/strict'
import { HoldfastError } from '../core/errors.ts'
import { maxPayloadBytes, type PacketChannel } from './packet-channel.ts'
import { command } from './packets/command.ts'
import { isEof, parseEof } from './packets/eof.ts'
import { isErr, parseErr } from './packets/err.ts'
import { localInfileHeader } from './packets/local-infile-request.ts'
import { okHeader, parseOk } from './packets/ok.ts'
import { hasMore } from './read-answer.ts'
import { serverError } from './server-error.ts'
import { checkStatementLength, queryToBytes, type Statement, statementText } from './statement.ts'

export interface PipelineOptions {
  /** Bytes of statements that may be without an answer. A longer statement goes alone. */
  readonly windowBytes: number
  /** Statements that may be without an answer. */
  readonly windowStatements: number
  readonly signal?: AbortSignal | undefined
}

/** Statements are gathered up to this many bytes before they are written: one system call, one TLS record of 16 KiB or four. */
const batchBytes = 64 * 1024
const headerBytes = 5

interface InFlight {
  readonly statement: Statement
  readonly bytes: number
  /** How many answers it has, where that is known. */
  readonly answers: number | undefined
}

export interface PipelineActions {
  /** Ends the session on the server, so that nothing that was sent is still executed. */
  killSession(): Promise<void>
  /** Called once when the pipeline is closed. */
  onClose(): void
}

/**
 * The server executes what was sent in order, and does NOT stop at an error: statements behind a failed one that were sent already
 * are executed too. Who needs all or nothing sends several statements as one text (`multiStatements`), of which the server stops
 * at the first that fails, or gives up the connection on error.
 *
 * After the first error every call rejects with it; details.statementIndex counts statements from 0 as they were sent.
 */
export class StatementPipeline implements AsyncDisposable {
  readonly #channel: PacketChannel
  readonly #options: PipelineOptions
  readonly #actions: PipelineActions
  readonly #maxAllowedPacketBytes: number
  #batch = Buffer.allocUnsafe(batchBytes)
  #batchLength = 0
  #isFlushScheduled = false
  #inFlight: (InFlight | undefined)[] = []
  /** Index in #inFlight of the oldest statement without answer; shifting an array for each answer would cost. None before it. */
  #oldest = 0
  #inFlightBytes = 0
  #answered = 0
  #isReceiving = false
  #error: { readonly error: unknown } | undefined
  #aborted: Promise<void> | undefined
  #waiters: (() => void)[] = []
  #isClosed = false
  readonly #onAbort = (): void => {
    this.#aborted = this.#abort()
  }

  constructor(
    channel: PacketChannel,
    options: PipelineOptions,
    actions: PipelineActions,
    maxAllowedPacketBytes: number,
  ) {
    assert(options.windowBytes > 0 && options.windowStatements > 0, 'a pipeline needs room for a statement')
    this.#channel = channel
    this.#options = options
    this.#actions = actions
    this.#maxAllowedPacketBytes = maxAllowedPacketBytes
    options.signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (options.signal?.aborted === true) this.#onAbort()
  }

  /** Statements that were answered so far, the failed one included. */
  get answered(): number {
    return this.#answered
  }

  /**
   * Resolves when the statement is on its way and another may be sent. A Buffer must stay as it is until its answer has come.
   *
   * `answers` is how many statements a text of several holds, none of which answers rows. It must be given when one of them is a
   * BINLOG: both servers forget SERVER_MORE_RESULTS_EXISTS in its OK packet although they go on with the next statement.
   */
  async send(statement: Statement, answers?: number): Promise<void> {
    assert(!this.#isClosed, 'the pipeline is closed')
    const length = typeof statement === 'string' ? Buffer.byteLength(statement) : statement.length
    checkStatementLength(statement, length, this.#maxAllowedPacketBytes)
    while (this.#error === undefined && !this.#hasRoomFor(length)) {
      this.#writeBatch()
      await this.#change()
    }
    await this.#throwIfFailed()
    this.#inFlight.push({ statement, bytes: length, answers })
    this.#inFlightBytes += length
    this.#append(statement, length)
    this.#startReceiving()
    while (this.#channel.needsDrain && this.#error === undefined) await this.#drained()
  }

  /** Waits for the answers to everything that was sent. */
  async flush(): Promise<void> {
    this.#writeBatch()
    while (this.#inFlightCount > 0 && !this.#isGivenUp) await this.#change()
    await this.#throwIfFailed()
  }

  /** Waits for all answers, without throwing for them, and gives the connection back. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#writeBatch()
    while (this.#inFlightCount > 0 && !this.#isGivenUp) await this.#change()
    await this.#aborted
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#actions.onClose()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #inFlightCount(): number {
    return this.#inFlight.length - this.#oldest
  }

  get #isGivenUp(): boolean {
    return this.#channel.lost !== undefined
  }

  #hasRoomFor(length: number): boolean {
    if (this.#inFlightCount === 0) return true
    return (
      this.#inFlightCount < this.#options.windowStatements &&
      this.#inFlightBytes + length <= this.#options.windowBytes
    )
  }

  #append(statement: Statement, length: number): void {
    const needed = headerBytes + length
    if (this.#batchLength + needed > batchBytes) this.#writeBatch()
    if (needed > batchBytes || length + 1 >= maxPayloadBytes) {
      this.#guardWrite(() => this.#channel.writeAhead(queryToBytes(statement, this.#maxAllowedPacketBytes)))
      return
    }
    const at = this.#batchLength
    this.#batch.writeUIntLE(length + 1, at, 3)
    this.#batch[at + 3] = 0
    this.#batch[at + 4] = command.query
    if (typeof statement === 'string') this.#batch.write(statement, at + headerBytes, 'utf8')
    else this.#batch.set(statement, at + headerBytes)
    this.#batchLength = at + needed
    if (!this.#isFlushScheduled) {
      this.#isFlushScheduled = true
      // After the caller's run of sends, before the process waits for anything.
      setImmediate(() => {
        this.#isFlushScheduled = false
        this.#writeBatch()
      })
    }
  }

  #writeBatch(): void {
    if (this.#batchLength === 0) return
    const batch = this.#batch.subarray(0, this.#batchLength)
    this.#batch = Buffer.allocUnsafe(batchBytes)
    this.#batchLength = 0
    this.#guardWrite(() => this.#channel.writeFramed(batch))
  }

  #guardWrite(write: () => void): void {
    try {
      write()
    } catch (error) {
      this.#fail(error)
    }
  }

  async #drained(): Promise<void> {
    try {
      await this.#channel.drained()
    } catch (error) {
      this.#fail(error)
    }
  }

  #startReceiving(): void {
    if (this.#isReceiving) return
    this.#isReceiving = true
    void this.#receive()
  }

  /** Reads answers while any are due. Never rejects: errors are kept for the next call. */
  async #receive(): Promise<void> {
    try {
      while (this.#inFlightCount > 0) {
        this.#channel.startAnswer(packetCount(this.#oldestInFlight().bytes))
        await this.#readAnswer()
        this.#answered++
        this.#forgetOldest()
        this.#wake()
      }
    } catch (error) {
      this.#channel.destroy(error instanceof Error ? error : undefined)
      this.#fail(error)
    } finally {
      this.#isReceiving = false
    }
  }

  async #readAnswer(): Promise<void> {
    const { answers } = this.#oldestInFlight()
    for (let number = 1; ; number++) {
      const head = this.#channel.tryRead() ?? (await this.#channel.read())
      if (head[0] === okHeader) {
        if (answers === undefined ? !hasMore(parseOk(head).status) : number === answers) return
      } else if (isErr(head)) {
        this.#failStatement(head)
        return
      } else if (head[0] === localInfileHeader) {
        // What is on its way behind this statement would be taken for the file.
        throw new HoldfastError('SERVER_ERROR', 'the server asked for a local file, which was not offered')
      } else {
        const last = await this.#skipResult()
        if (isErr(last)) this.#failStatement(last)
        if (isErr(last) || !hasMore(parseEof(last).status)) return
      }
    }
  }

  /** Reads past columns and rows; the answer is the packet that ended them. */
  async #skipResult(): Promise<Buffer> {
    for (let ends = 0; ; ) {
      const packet = this.#channel.tryRead() ?? (await this.#channel.read())
      if (isErr(packet)) return packet
      if (isEof(packet) && ++ends === 2) return packet
    }
  }

  #failStatement(packet: Buffer): void {
    const statement = statementText(this.#oldestInFlight().statement)
    this.#fail(serverError(parseErr(packet), statement, { statementIndex: this.#answered }))
  }

  #oldestInFlight(): InFlight {
    const oldest = this.#inFlight[this.#oldest]
    assert(oldest !== undefined, 'an answer to no statement')
    return oldest
  }

  #forgetOldest(): void {
    this.#inFlightBytes -= this.#oldestInFlight().bytes
    // A statement may be megabytes long: it is let go now, not when the array is cut.
    this.#inFlight[this.#oldest] = undefined
    this.#oldest++
    if (this.#oldest >= 1024 || this.#oldest === this.#inFlight.length) {
      this.#inFlight = this.#inFlight.slice(this.#oldest)
      this.#oldest = 0
    }
  }

  /** Only the first error counts: later ones are mostly its consequences. */
  #fail(error: unknown): void {
    this.#error ??= { error }
    this.#wake()
  }

  async #abort(): Promise<void> {
    this.#fail(this.#options.signal?.reason)
    try {
      await this.#actions.killSession()
    } catch (error) {
      // Without the kill the server may go on with what it has received; closing the socket is the next best.
      this.#fail(error)
    }
    this.#channel.destroy()
    this.#wake()
  }

  async #throwIfFailed(): Promise<void> {
    if (this.#aborted !== undefined) await this.#aborted
    if (this.#error !== undefined) throw this.#error.error
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  #wake(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }
}

/** Packets of a statement of `length` bytes: a payload that fills a packet is followed by another one, be it empty. */
function packetCount(length: number): number {
  return Math.floor((1 + length) / maxPayloadBytes) + 1
}

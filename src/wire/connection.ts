// A connection to a MySQL or MariaDB server: one statement at a time, its answer as values, as raw rows, or not at all.
import assert from 'node:assert/strict'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import type { Flavour } from '../core/flavour.ts'
import { CancelWatch, type StatementOptions } from './cancel-watch.ts'
import { type KillTarget, kill, serverPlace } from './kill.ts'
import { type LoadSource, sendLoadData } from './load-data.ts'
import type { PacketChannel } from './packet-channel.ts'
import { type PacketStream, packetStream } from './packet-stream.ts'
import type { ColumnDefinition } from './packets/column-definition.ts'
import { pingToBytes, quitToBytes, setMultiStatementsToBytes } from './packets/command.ts'
import { parseEof } from './packets/eof.ts'
import { isErr } from './packets/err.ts'
import { localInfileHeader } from './packets/local-infile-request.ts'
import { feedRawRows } from './raw-rows.ts'
import { type Failed, failed, readAnswer, readColumns, readSimpleAnswer } from './read-answer.ts'
import type { OkResult, RawRowConsumer, ResultSet, Row } from './results.ts'
import { numberOf, textOf, textOrNull } from './row-values.ts'
import { serverErrno } from './server-error.ts'
import { parseServerVersion } from './server-version.ts'
import { openSession, type Session } from './session.ts'
import { queryToBytes, type Statement, statementText } from './statement.ts'
import { type PipelineOptions, StatementPipeline } from './statement-pipeline.ts'

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined
  /** Default schema of the session; instead of the one in the settings. */
  readonly schema?: string | undefined
}

/** What is left of a result whose rows went to a RawRowConsumer. */
export interface RawResult {
  readonly columns: readonly ColumnDefinition[]
  readonly warnings: number
}

const quitGraceMs = 1000
/** ER_QUERY_INTERRUPTED */
const queryInterrupted = 1317
/** Until the server has told its own: the least that both flavours allow is 1024. */
const assumedPacketBytes = 1024

/**
 * Statements are text in utf8mb4. Each method that sends one takes `signal` and `timeoutMs`: on abort or time-out the statement is
 * killed on the server (KILL QUERY over a second connection), the call rejects with the signal's reason or SERVER_TIMEOUT, and the
 * connection can be used further. Errors of the server carry errno, sqlState and statement in their details. When the connection is
 * lost, the running call and all later ones reject with CONNECTION_LOST: there is no reconnect.
 */
export class Connection implements AsyncDisposable {
  readonly flavour: Flavour
  /** As the server calls itself: '9.7.0', '10.11.19-MariaDB-log'. */
  readonly serverVersion: string
  readonly threadId: number
  readonly #settings: ConnectionSettings
  readonly #channel: PacketChannel
  #place = ''
  #maxAllowedPacketBytes = assumedPacketBytes
  #busyWith: string | undefined

  private constructor(settings: ConnectionSettings, { channel, handshake }: Session) {
    const version = parseServerVersion(handshake.serverVersion)
    this.flavour = version.flavour
    this.serverVersion = version.text
    this.threadId = handshake.threadId
    this.#settings = settings
    this.#channel = channel
  }

  /**
   * Throws SOURCE_UNREACHABLE, ACCESS_DENIED, AUTH_PLUGIN_UNSUPPORTED, TLS_FAILED, PRIVILEGE_MISSING (default schema),
   * CONFIG_INVALID (no such schema, unreadable certificate), SERVER_UNSUPPORTED, CONNECTION_LOST, or the signal's reason.
   */
  static async open(settings: ConnectionSettings, options: OpenOptions = {}): Promise<Connection> {
    const chosen = options.schema === undefined ? settings : { ...settings, schema: options.schema }
    const connection = new Connection(chosen, await openSession(chosen, options.signal))
    try {
      await connection.#prepareSession(options.signal)
      return connection
    } catch (error) {
      connection.destroy()
      throw error
    }
  }

  /** Longest statement the server takes in this session, in bytes. */
  get maxAllowedPacketBytes(): number {
    return this.#maxAllowedPacketBytes
  }

  /** The rows a statement answers; none for one that answers OK. */
  async query(sql: Statement, options: StatementOptions = {}): Promise<readonly Row[]> {
    const result = await this.queryResult(sql, options)
    return result.kind === 'rows' ? result.rows : []
  }

  /** The answer to one statement, with its columns or counts. A CALL answers several results: the first is given. */
  async queryResult(sql: Statement, options: StatementOptions = {}): Promise<ResultSet | OkResult> {
    const results = await this.#queryAll(sql, options, false)
    const [first] = results
    assert(first !== undefined, 'a statement has an answer')
    return first
  }

  /** Executes a statement that answers no rows. */
  async run(sql: Statement, options: StatementOptions = {}): Promise<OkResult> {
    const result = await this.queryResult(sql, options)
    assert(result.kind === 'ok', `rows came for: ${statementText(sql).slice(0, 80)}`)
    return result
  }

  /** Executes several statements in one text, separated by semicolons. Throws the first error; the rest is not executed then. */
  queryMulti(sql: Statement, options: StatementOptions = {}): Promise<readonly (ResultSet | OkResult)[]> {
    return this.#queryAll(sql, options, true)
  }

  /**
   * Executes a statement and hands its rows to `consumer` as they come from the socket. A consumer that rests longer than the
   * session's net_write_timeout (60 s by default) loses the connection. When it throws, the connection is given up.
   */
  async queryRaw(
    sql: Statement,
    consumer: RawRowConsumer,
    options: StatementOptions = {},
  ): Promise<RawResult> {
    const packet = this.#queryPacket(sql)
    return this.#exchange<RawResult>(sql, options, async () => {
      this.#send(packet)
      const head = await this.#channel.read()
      const simple = await readSimpleAnswer(this.#channel, sql, head)
      if (simple?.kind === 'failed') return simple
      assert(simple === undefined, `no rows came for: ${statementText(sql).slice(0, 80)}`)
      const columns = await readColumns(this.#channel, head)
      consumer.columns(columns)
      await feedRawRows(this.#channel, consumer)
      const last = await this.#channel.read()
      if (isErr(last)) return failed(last, sql)
      return { columns, warnings: parseEof(last).warnings }
    })
  }

  /**
   * Executes LOAD DATA LOCAL INFILE with `data` as the file, whatever its name in the statement. Only here, and only for this one
   * statement, is a server's request for local data answered. When `data` throws or the call is cancelled, the statement is killed
   * before its data ends; do it in a transaction where no row may stay. Data that rests longer than the session's net_read_timeout
   * (30 s by default) loses the connection.
   */
  async loadData(sql: Statement, data: LoadSource, options: StatementOptions = {}): Promise<OkResult> {
    const packet = this.#queryPacket(sql)
    return this.#exchange<OkResult>(sql, options, async (watch) => {
      this.#send(packet)
      const head = await this.#channel.read()
      if (head[0] === localInfileHeader) {
        await sendLoadData(this.#channel, data, watch, this.#maxAllowedPacketBytes)
      }
      const { hasMore, ...answer } = await readAnswer(
        this.#channel,
        sql,
        head[0] === localInfileHeader ? undefined : head,
      )
      assert(answer.kind !== 'rows' && !hasMore, 'LOAD DATA answers no rows')
      return answer
    })
  }

  /** Sends statements without waiting for each answer. The connection belongs to the pipeline until that is closed. */
  openPipeline(options: PipelineOptions): StatementPipeline {
    this.#occupy('a pipeline')
    return new StatementPipeline(
      this.#channel,
      options,
      {
        killSession: () => kill(this.#settings, 'CONNECTION', this.#killTarget),
        onClose: () => this.#release(),
      },
      this.#maxAllowedPacketBytes,
    )
  }

  /** Allows several statements in one text, or not, for what follows in this session; queryMulti does it by itself. */
  async setMultiStatements(isOn: boolean): Promise<void> {
    await this.sendCommand(setMultiStatementsToBytes(isOn))
  }

  /** Sends a command packet that is answered by OK (or EOF). */
  async sendCommand(packet: Uint8Array, options: StatementOptions = {}): Promise<OkResult> {
    return this.#exchange<OkResult>(`command 0x${packet[0]?.toString(16)}`, options, async () => {
      const { hasMore: _, ...answer } = await this.#command(packet)
      assert(answer.kind !== 'rows', 'rows came for a command')
      return answer
    })
  }

  /** Sends a command packet that is answered by a stream of packets. The connection belongs to the stream until that has ended. */
  openPacketStream(
    packet: Uint8Array,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): PacketStream {
    options.signal?.throwIfAborted()
    this.#occupy('a packet stream')
    this.#send(packet)
    this.#channel.stopCheckingSequence()
    return packetStream(this.#channel, options.signal, () => this.#release())
  }

  /** Asks for a sign of life. */
  async ping(options: StatementOptions = {}): Promise<void> {
    await this.sendCommand(pingToBytes(), options)
  }

  /** Says good-bye and waits a second at most for the server to close. Never throws. */
  async close(): Promise<void> {
    if (this.#channel.lost === undefined && this.#busyWith === undefined) {
      this.#channel.startCommand()
      this.#channel.write(quitToBytes())
      await this.#channel.end(quitGraceMs)
    }
    this.destroy()
  }

  /** Drops the connection at once; the running call rejects with CONNECTION_LOST. */
  destroy(): void {
    this.#channel.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #killTarget(): KillTarget {
    return { threadId: this.threadId, place: this.#place }
  }

  async #prepareSession(signal: AbortSignal | undefined): Promise<void> {
    const [row = {}] = await this.query(
      `SELECT ${serverPlace} AS place, @@max_allowed_packet AS bytes, ` +
        '@@character_set_client AS client, @@character_set_results AS results',
      { signal, timeoutMs: this.#settings.connectTimeoutMs },
    )
    this.#place = textOf(row, 'place')
    this.#maxAllowedPacketBytes = numberOf(row, 'bytes')
    // Servers may ignore the character set of the login (skip_character_set_client_handshake) or change it (init_connect).
    const isUtf8mb4 = textOrNull(row, 'client') === 'utf8mb4' && textOrNull(row, 'results') === 'utf8mb4'
    if (!isUtf8mb4) await this.run('SET NAMES utf8mb4', { signal })
  }

  async #queryAll(
    sql: Statement,
    options: StatementOptions,
    isMulti: boolean,
  ): Promise<readonly (ResultSet | OkResult)[]> {
    const packet = this.#queryPacket(sql)
    return this.#exchange<readonly (ResultSet | OkResult)[]>(sql, options, async () => {
      if (isMulti) await this.#command(setMultiStatementsToBytes(true))
      this.#send(packet)
      const results: (ResultSet | OkResult)[] = []
      let failure: Failed | undefined
      for (let isMore = true; isMore; ) {
        const { hasMore, ...answer } = await readAnswer(this.#channel, sql)
        if (answer.kind === 'failed') failure = answer
        else results.push(answer)
        isMore = hasMore
      }
      if (isMulti) await this.#command(setMultiStatementsToBytes(false))
      return failure ?? results
    })
  }

  /** Made before the connection is occupied: a statement that is too long must not harm it. */
  #queryPacket(sql: Statement): Buffer {
    return queryToBytes(sql, this.#maxAllowedPacketBytes)
  }

  #send(packet: Uint8Array): void {
    this.#channel.startCommand()
    this.#channel.write(packet)
  }

  #command(packet: Uint8Array): ReturnType<typeof readAnswer> {
    this.#send(packet)
    return readAnswer(this.#channel, undefined)
  }

  /** Runs one command with its answer. `body` answers Failed while the connection is in step, and throws when it is not. */
  async #exchange<T extends object>(
    what: Statement,
    options: StatementOptions,
    body: (watch: CancelWatch) => Promise<T | Failed>,
  ): Promise<T> {
    options.signal?.throwIfAborted()
    this.#occupy(statementText(what).slice(0, 80))
    using watch = new CancelWatch(options, {
      kill: () => kill(this.#settings, 'QUERY', this.#killTarget),
      destroy: () => this.destroy(),
    })
    let outcome: T | Failed
    try {
      outcome = await body(watch)
      if (watch.isFired) await this.#settleKill(watch, outcome)
    } catch (error) {
      this.#channel.destroy(error instanceof Error ? error : undefined)
      throw watch.isFired ? watch.reason : error
    } finally {
      this.#release()
    }
    if (watch.isFired) throw watch.reason
    if (isFailed(outcome)) throw outcome.error
    return outcome
  }

  /** A kill that came after the statement had ended would hit the next one; so the next one is one that does nothing. */
  async #settleKill(watch: CancelWatch, outcome: object): Promise<void> {
    await watch.killed()
    if (isFailed(outcome) && serverErrno(outcome.error) === queryInterrupted) return
    if (this.#channel.lost !== undefined) return
    this.#send(this.#queryPacket('DO 0'))
    await readAnswer(this.#channel, undefined)
  }

  #occupy(what: string): void {
    if (this.#busyWith === undefined) this.#channel.noticeUnasked()
    if (this.#channel.lost !== undefined) throw this.#channel.lost
    assert(this.#busyWith === undefined, `the connection is busy with: ${this.#busyWith}`)
    this.#busyWith = what
  }

  #release(): void {
    this.#busyWith = undefined
  }
}

function isFailed(outcome: object): outcome is Failed {
  return 'kind' in outcome && outcome.kind === 'failed'
}

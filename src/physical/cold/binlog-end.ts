// Where a binary log that nobody writes to ends: what its last file says of position, GTIDs, server and clean shutdown.
import { createReadStream } from 'node:fs'
import path from 'node:path'
import type { BinlogEvent } from '../../binlog/binlog-event.ts'
import { decodePreviousGtids } from '../../binlog/control-events.ts'
import { GroupTracker } from '../../binlog/event-group.ts'
import { EventSplitter } from '../../binlog/event-splitter.ts'
import { eventFlag, eventType } from '../../binlog/event-types.ts'
import { decodeGtidList, decodeMariadbGtid } from '../../binlog/mariadb-gtid-event.ts'
import { decodeQuery } from '../../binlog/query-event.ts'
import { HoldfastError } from '../../core/errors.ts'
import { stateAfter } from '../../core/gtid-state.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import type { GtidState, RecoveryPoint } from '../../core/recovery-point.ts'

export interface BinlogEnd {
  readonly point: RecoveryPoint
  readonly serverVersion: string
  readonly serverId: number
  /** The domain of the last GTID of this server (MariaDB). */
  readonly gtidDomainId?: number
  /** MariaDB: under which numbers changes of definitions stand in this file, for its log of those. */
  readonly definitions: ReadonlySet<bigint>
  /** The server has closed the file as it does when it shuts down. */
  readonly isClosed: boolean
}

/** What MySQL's encrypted logs begin with (Rpl_encryption_header); MariaDB's begin as all do, and then say that they are. */
export const encryptedMagic = Buffer.from('fd62696e', 'hex')

/** GTIDs that are gathered before they are joined to the state. */
const gtidsAtOnce = 10_000

/**
 * Reads a whole file, which has at most a GiB or so, or its first `bytes`. The end is that of the last transaction that is whole: what stands behind it in a log
 * that was never closed, a server cuts off when it recovers. Throws UNSUPPORTED for an encrypted one, FAILED for what is no binary log, and for one that was closed
 * and breaks off all the same.
 */
export async function readBinlogEnd(
  file: string,
  signal?: AbortSignal,
  bytes = Infinity,
): Promise<BinlogEnd> {
  try {
    return await readEnd(file, signal, bytes)
  } catch (error) {
    if (!(error instanceof MalformedDataError)) throw error
    throw new HoldfastError(
      'FAILED',
      `the binary log ${file} is damaged or breaks off: ${error.message}`,
      { file },
      {
        cause: error,
        hint: 'Without it the end of the history of the server is not known. Compare it with the file that was copied, if it was; else take a logical backup.',
      },
    )
  }
}

async function readEnd(file: string, signal: AbortSignal | undefined, bytes: number): Promise<BinlogEnd> {
  const reading = new EndReader(file)
  const chunks = createReadStream(file, { highWaterMark: 1024 * 1024, end: bytes - 1, signal })
  // Bytes of an event that was being written are left over.
  const splitter = new EventSplitter({ offset: 0 })
  for await (const chunk of unencrypted(chunks, file)) {
    for (const event of splitter.push(chunk)) {
      if (event.header.type === eventType.startEncryption) throw encrypted(file)
      reading.take(event)
    }
  }
  const end = reading.end()
  if (end.isClosed) {
    splitter.end()
    reading.requireWhole()
  }
  return end
}

async function* unencrypted(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  let isFirst = true
  for await (const chunk of chunks) {
    if (isFirst && chunk.subarray(0, encryptedMagic.length).equals(encryptedMagic)) throw encrypted(file)
    isFirst = false
    yield chunk
  }
}

function encrypted(file: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${file} is encrypted, and where the history of the server ends cannot be read from it without the key of the server`,
    { file },
    {
      hint: 'Let the server write a log in clear before it is shut down (MySQL: SET GLOBAL binlog_encryption = OFF), or take another method.',
    },
  )
}

class EndReader {
  readonly #file: string
  readonly #groups = new GroupTracker()
  #first: BinlogEvent | undefined
  #last: BinlogEvent | undefined
  #state: GtidState | undefined
  #gtids: string[] = []
  #domainId: number | undefined
  readonly #definitions = new Set<bigint>()
  /** The latest commit, microseconds since 1970, where the source logs it (MySQL 8.0 and newer). */
  #commitMicros = 0

  constructor(file: string) {
    this.#file = file
  }

  take(event: BinlogEvent): void {
    this.#first ??= event
    const { place, isLast } = this.#groups.push(event)
    if (place === 'inside' && isLast) this.#addTransaction()
    if (place === 'outside' || isLast) this.#last = event
    switch (event.header.type) {
      case eventType.previousGtids:
        this.#state = { flavour: 'mysql', text: decodePreviousGtids(event).toString() }
        return
      case eventType.gtidList:
        this.#state = { flavour: 'mariadb', text: decodeGtidList(event).toString() }
        return
      case eventType.mariadbGtid: {
        const { gtid } = decodeMariadbGtid(event)
        if (gtid.serverId === this.#first.header.serverId) this.#domainId = gtid.domainId
        return
      }
      case eventType.query:
      case eventType.queryCompressed:
        this.#noteDefinition(event)
        return
      default:
    }
  }

  end(): BinlogEnd {
    const [first, last] = [this.#first, this.#last]
    if (first === undefined || last === undefined || first.format === undefined) {
      throw new MalformedDataError({
        what: 'binary log',
        file: this.#file,
        offset: 4,
        expected: 'events',
        found: 'none',
      })
    }
    this.#join()
    const gtid = this.#state
    const isUsingGtids = gtid !== undefined && (gtid.flavour === 'mariadb' || gtid.text !== '')
    return {
      point: {
        position: { file: path.basename(this.#file), offset: last.offset + last.bytes.length },
        ...(isUsingGtids ? { gtid } : {}),
        // Headers know the second only, and within a transaction what a client says. The backup is not older than any transaction that it has.
        timeMicros: Math.max(
          Math.max(first.header.timestamp, last.header.timestamp) * 1_000_000,
          this.#commitMicros,
        ),
      },
      serverVersion: first.format.serverVersion,
      serverId: first.header.serverId,
      definitions: this.#definitions,
      ...(this.#domainId === undefined ? {} : { gtidDomainId: this.#domainId }),
      isClosed: (first.header.flags & eventFlag.binlogInUse) === 0,
    }
  }

  /** Throws MalformedDataError within a transaction. */
  requireWhole(): void {
    const { open } = this.#groups
    if (open === undefined) return
    throw new MalformedDataError({
      what: 'binary log',
      file: this.#file,
      offset: open.start,
      expected: 'the end of the transaction that begins here',
      found: 'the end of the file, which was closed',
    })
  }

  #noteDefinition(event: BinlogEvent): void {
    if (event.format.flavour !== 'mariadb') return
    const { ddlXid } = decodeQuery(event).variables
    if (ddlXid !== undefined) this.#definitions.add(ddlXid)
  }

  #addTransaction(): void {
    const { gtid, commitMicros = 0 } = this.#groups.group ?? {}
    this.#commitMicros = Math.max(this.#commitMicros, commitMicros)
    if (gtid === undefined) return
    this.#gtids.push(gtid)
    if (this.#gtids.length === gtidsAtOnce) this.#join()
  }

  #join(): void {
    if (this.#state === undefined || this.#gtids.length === 0) return
    this.#state = stateAfter(this.#state, this.#gtids)
    this.#gtids = []
  }
}

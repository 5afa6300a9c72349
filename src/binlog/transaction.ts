// The transactions of a stream of events, each with its events to be read in turn.
import type { BinlogEvent } from './binlog-event.ts'
import { breaksOffGroup, type EventGroup, GroupTracker } from './event-group.ts'
import { eventType } from './event-types.ts'
import { unpackTransactionPayload } from './transaction-payload.ts'

export interface Transaction {
  /** What is known from its first event; `kind` and `hasStatements` are final once its events have been read. */
  readonly group: EventGroup
  /** The format description of the file it stands in, raw. */
  readonly formatEvent: BinlogEvent
  /** Its events as the file holds them, once. Whoever goes on to the next transaction skips what is left. */
  readonly events: AsyncIterable<BinlogEvent>
  /** Where it ends in its file; undefined until all its events have been read, and when the log breaks off within it. */
  readonly end: () => number | undefined
}

/**
 * Groups the events of one or more files, each starting with its format description. Holds one event at a time, whatever
 * the size of a transaction. A transaction that the log breaks off is handed out too: its `end` stays undefined.
 */
export async function* transactions(events: AsyncIterable<BinlogEvent>): AsyncGenerator<Transaction> {
  const iterator = events[Symbol.asyncIterator]()
  const tracker = new GroupTracker()
  let formatEvent: BinlogEvent | undefined
  try {
    for (let event = await nextOf(iterator); event !== undefined; ) {
      if (event.header.type === eventType.formatDescription) formatEvent = event
      const { place, isLast } = tracker.push(event)
      const { group } = tracker
      if (place === 'outside' || group === undefined || formatEvent === undefined) {
        event = await nextOf(iterator)
        continue
      }
      const members = new GroupEvents(iterator, tracker, event, isLast)
      yield { group, formatEvent, events: members.read(), end: () => members.end() }
      event = await members.skipRest()
    }
  } finally {
    await iterator.return?.()
  }
}

/** The events of one group, pulled from the stream as they are asked for. */
class GroupEvents {
  readonly #iterator: AsyncIterator<BinlogEvent>
  readonly #tracker: GroupTracker
  readonly #first: BinlogEvent
  #isDone: boolean
  /** The event behind a group that the log broke off: it has been read, and belongs to the next one. */
  #behind: BinlogEvent | undefined
  #end: number | undefined

  constructor(
    iterator: AsyncIterator<BinlogEvent>,
    tracker: GroupTracker,
    first: BinlogEvent,
    isLast: boolean,
  ) {
    this.#iterator = iterator
    this.#tracker = tracker
    this.#first = first
    this.#isDone = isLast
    if (isLast) this.#end = endOf(first)
  }

  end(): number | undefined {
    return this.#end
  }

  async *read(): AsyncGenerator<BinlogEvent> {
    const first = this.#first
    yield first
    for (let event = await this.#next(); event !== undefined; event = await this.#next()) yield event
  }

  /** Reads what nobody has read, and answers the event behind the group. */
  async skipRest(): Promise<BinlogEvent | undefined> {
    while ((await this.#next()) !== undefined);
    return this.#behind ?? (await nextOf(this.#iterator))
  }

  async #next(): Promise<BinlogEvent | undefined> {
    if (this.#isDone) return undefined
    const event = await nextOf(this.#iterator)
    if (event === undefined || breaksOffGroup(event)) {
      this.#isDone = true
      this.#behind = event
      return undefined
    }
    this.#isDone = this.#tracker.push(event).isLast
    if (this.#isDone) this.#end = endOf(event)
    return event
  }
}

async function nextOf(iterator: AsyncIterator<BinlogEvent>): Promise<BinlogEvent | undefined> {
  const result = await iterator.next()
  return result.done === true ? undefined : result.value
}

function endOf(event: BinlogEvent): number {
  return event.offset + event.header.length
}

/** The same events with each transaction payload replaced by the events in it. */
export async function* unpacked(events: AsyncIterable<BinlogEvent>): AsyncGenerator<BinlogEvent> {
  for await (const event of events) {
    if (event.header.type === eventType.transactionPayload) yield* unpackTransactionPayload(event)
    else yield event
  }
}

// Keeps on the target itself how far a load has come, each step in one transaction with the rows it tells of.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { HoldfastError, isHoldfastError } from '../../core/errors.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { GlobalsRecord } from '../../instance/held-globals.ts'
import { openLoadSession } from '../../instance/read-session.ts'
import { quoteText } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf } from '../../wire/row-values.ts'
import { serverErrno } from '../../wire/server-error.ts'
import type { LoadChange } from '../load-changes.ts'
import { type BegunLoad, type LoadDecisions, readBegunLoad } from './begun-load.ts'
import { globalsLeft } from './globals-left.ts'
import {
  createLedger,
  deleteRows,
  dropLedger,
  forgetGlobal,
  insertChange,
  insertLoad,
  insertRows,
  type LoadState,
  noteGlobal,
  setState,
} from './ledger-tables.ts'
import { ledgersOn } from './ledgers-on.ts'
import type { LoadIdentity } from './load-identity.ts'
import type { LoadedText } from './loaded-text.ts'

export interface LedgerOptions {
  readonly settings: ConnectionSettings
  readonly identity: LoadIdentity
  /** As the rows are: one transaction is in the binary log as a whole or not at all. */
  readonly skipBinlog: boolean
  readonly emit: EmitEvent
  readonly signal: AbortSignal | undefined
  /** How long an earlier run may take to end; a minute by default. */
  readonly patienceMs?: number
}

interface TableOf {
  readonly schema: string
  readonly name: string
}

/** Made when the first is to be kept in it: until then the target stays as it is. */
export class LoadLedger implements GlobalsRecord, AsyncDisposable {
  readonly #session: Connection
  readonly #identity: LoadIdentity
  readonly #emit: EmitEvent
  readonly #originals: Map<string, string>
  /** What an earlier run has left. */
  readonly begun: BegunLoad | undefined
  /** 'none': there is none yet. 'empty': made by this run, without a load. 'refused': the account may not have one. */
  #state: 'none' | 'empty' | 'kept' | 'refused'

  private constructor(
    session: Connection,
    { identity, emit }: LedgerOptions,
    begun: BegunLoad | undefined,
    originals: Map<string, string>,
  ) {
    this.#session = session
    this.#identity = identity
    this.#emit = emit
    this.begun = begun
    this.#originals = originals
    this.#state = begun === undefined ? 'none' : 'kept'
  }

  /**
   * Waits for the sessions of an earlier run, which may still finish what they were told. Changes nothing.
   * @throws HoldfastError TARGET_NOT_EMPTY as readBegunLoad does, SERVER_TIMEOUT where an earlier run is still there
   */
  static async open(options: LedgerOptions): Promise<LoadLedger> {
    const { settings, identity, skipBinlog, signal } = options
    const session = await openLoadSession(settings, signal)
    try {
      if (skipBinlog) await session.run('SET SESSION sql_log_bin = 0', { signal })
      await takeTurn(session, identity.ledger, options)
      const begun = await readBegunLoad(session, identity, signal)
      return new LoadLedger(session, options, begun, await readOriginals(session, identity.ledger))
    } catch (error) {
      session.destroy()
      throw error
    }
  }

  /** One without a load says nothing that anybody must know. */
  async [Symbol.asyncDispose](): Promise<void> {
    const drop = this.#state === 'empty' ? this.#session.run(dropLedger(this.#identity.ledger)) : undefined
    // What went wrong before is what is told; the next run takes it as it is.
    await drop?.catch(() => undefined)
    await this.#session[Symbol.asyncDispose]()
  }

  /** For each session that changes the target: the next run waits for its end. */
  async join(session: Connection): Promise<void> {
    for (let slot = 1; slot < slots; slot++) {
      if ((await tryLock(session, slotName(this.#identity.ledger, slot))) !== 'taken') return
    }
  }

  /** Before anything is made. Does nothing where an earlier run has begun. */
  async begin(decisions: LoadDecisions): Promise<void> {
    if (this.begun !== undefined || !(await this.#create())) return
    const { ledger, backupId } = this.#identity
    await this.#session.run(insertLoad(ledger, backupId, JSON.stringify(decisions)))
    this.#state = 'kept'
  }

  /** To be run in the transaction of the rows. */
  async mark(session: Connection, table: TableOf, text: LoadedText): Promise<void> {
    if (this.#isKept) await session.run(insertRows(this.#identity.ledger, table, text, true))
  }

  /** Before rows that cannot be undone. */
  async announce(session: Connection, table: TableOf, text: LoadedText): Promise<void> {
    if (this.#isKept) await session.run(insertRows(this.#identity.ledger, table, text, false))
  }

  /** Of what is made otherwise than the backup says. */
  async noteChange(session: Connection, change: LoadChange): Promise<void> {
    if (this.#isKept) await session.run(insertChange(this.#identity.ledger, JSON.stringify(change)))
  }

  /** The table is no longer there. */
  async forgetRows({ schema, name }: TableOf): Promise<void> {
    if (this.#isKept) await this.#session.run(deleteRows(this.#identity.ledger, schema, name))
  }

  async setState(state: LoadState): Promise<void> {
    if (this.#isKept) await this.#session.run(setState(this.#identity.ledger, state))
  }

  /**
   * Remembers where a proof fails: another run, which might not ask for one, must not go on from there. But it may from rows that no load
   * would bring back otherwise.
   */
  async proving<Proof>(prove: () => Promise<Proof>): Promise<Proof> {
    try {
      return await prove()
    } catch (error) {
      // What was found is told, also where the server is gone by now.
      if (isHoldfastError(error, 'VERIFY_FAILED') && error.details['isLoadable'] !== false)
        await this.setState('differs').catch(() => undefined)
      throw error
    }
  }

  /** When all is done. */
  async drop(): Promise<void> {
    if (this.#state === 'none' || this.#state === 'refused') return
    await this.#session.run(dropLedger(this.#identity.ledger))
    this.#state = 'none'
  }

  takeOriginal(name: string): string | undefined {
    const original = this.#originals.get(name)
    this.#originals.delete(name)
    return original
  }

  async note(name: string, value: string): Promise<void> {
    if (await this.#create()) await this.#session.run(noteGlobal(this.#identity.ledger, name, value))
  }

  async forget(name: string): Promise<void> {
    if (this.#state === 'empty' || this.#isKept)
      await this.#session.run(forgetGlobal(this.#identity.ledger, name))
  }

  get #isKept(): boolean {
    return this.#state === 'kept'
  }

  /** False where the account may not: that is told once. */
  async #create(): Promise<boolean> {
    if (this.#state !== 'none') return this.#state !== 'refused'
    const { ledger } = this.#identity
    try {
      for (const statement of createLedger(ledger)) await this.#session.run(statement)
      this.#state = 'empty'
      return true
    } catch (error) {
      if (!isHoldfastError(error, 'PRIVILEGE_MISSING')) throw error
      this.#state = 'refused'
      const message = `the account may not keep a schema ${ledger} on the target meanwhile: if this run is killed, it must be begun anew`
      this.#emit({ type: 'notice', level: 'info', message })
      return false
    }
  }
}

/** Of this load, and of others that have ended without having put back what they held: that is what we find here. */
async function readOriginals(session: Connection, own: string): Promise<Map<string, string>> {
  const originals = new Map<string, string>()
  for (const ledger of await ledgersOn(session)) {
    // Who is at it will put them back.
    if (ledger !== own && (await holders(session, ledger, 0)).length > 0) continue
    for (const [name, value] of await globalsLeft(session, ledger))
      if (ledger === own || !originals.has(name)) originals.set(name, value)
  }
  return originals
}

// 64 sessions that load at most, and those of definitions, indexes and the ledger.
const slots = 72
const defaultPatienceMs = 60_000

function slotName(ledger: string, slot: number): string {
  return `${ledger}.${slot}`
}

/**
 * Named locks end with their sessions, behind all that these were told: a COMMIT or an ALTER TABLE that was on its way when its client was
 * killed is carried out all the same. Slot 0 is for one run at a time.
 */
async function takeTurn(session: Connection, ledger: string, options: LedgerOptions): Promise<void> {
  const { emit, signal, patienceMs = defaultPatienceMs } = options
  const startedMs = performance.now()
  for (let isTold = false; ; isTold = true) {
    const own = await tryLock(session, slotName(ledger, 0))
    if (own === 'unknown') return
    const others = await holders(session, ledger, own === 'held' ? 1 : 0)
    if (others.length === 0) return
    if (performance.now() - startedMs > patienceMs) throw stillThere(others)
    if (!isTold) emit({ type: 'phase', phase: 'waiting for an earlier run to end' })
    await sleep(100, undefined, { signal })
  }
}

/** 'unknown': the server has no such locks for us, as in some clusters; then the keys of the ledger alone keep rows from coming twice. */
async function tryLock(session: Connection, name: string): Promise<'held' | 'taken' | 'unknown'> {
  try {
    const [row] = await session.query(`SELECT GET_LOCK(${quoteText(name)}, 0) AS got`)
    return row?.['got'] === null || row === undefined
      ? 'unknown'
      : numberOf(row, 'got') === 1
        ? 'held'
        : 'taken'
  } catch (error) {
    if (serverErrno(error) === undefined) throw error
    return 'unknown'
  }
}

async function holders(session: Connection, ledger: string, from: number): Promise<readonly string[]> {
  const asked = Array.from({ length: slots - from }, (_, at) => slotName(ledger, from + at))
  const [row = {}] = await session.query(
    `SELECT ${asked.map((name, at) => `IS_USED_LOCK(${quoteText(name)}) AS l${at}`).join(', ')}`,
  )
  return Object.values(row).flatMap((id) => (id === null ? [] : [String(id)]))
}

function stillThere(ids: readonly string[]): HoldfastError {
  return new HoldfastError(
    'SERVER_TIMEOUT',
    `an earlier run of this restore still has ${ids.length} sessions on the target (${ids.slice(0, 5).join(', ')})`,
    { sessions: ids.length },
    {
      hint: `If it is still running, let it end; if not, end them there: ${ids
        .slice(0, 5)
        .map((id) => `KILL ${id};`)
        .join(' ')}`,
    },
  )
}

// Creates views, triggers, routines and events in the session settings they were made with.
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { HeldGlobals, type HoldOptions } from '../instance/held-globals.ts'
import type { Connection } from '../wire/connection.ts'
import { serverErrno } from '../wire/server-error.ts'
import type { CodeContent, SchemaContent } from './content.ts'
import { afterCode, type CodeStep, codeSteps } from './definition-statements.ts'
import { inDependencyOrder } from './view-order.ts'

/** ER_BINLOG_UNSAFE_ROUTINE, ER_BINLOG_CREATE_ROUTINE_NEED_SUPER: a rule of servers with a binary log. */
const untrustedFunction = new Set([1418, 1419])
const missingParts = new Set([
  1146, // ER_NO_SUCH_TABLE
  1049, // ER_BAD_DB_ERROR
  1054, // ER_BAD_FIELD_ERROR
  1305, // ER_SP_DOES_NOT_EXIST
  1356, // ER_VIEW_INVALID
  1449, // ER_NO_SUCH_USER
])

export interface SchemaView {
  readonly schema: SchemaContent
  readonly view: CodeContent
}

/** With what the server said of it. */
export interface LeftView extends SchemaView {
  readonly error: unknown
}

/** Told of code that the target does not take: 'view shop.totals'. */
export type OnRefused = (object: string, error: Error) => void

/** One for a session that does nothing else meanwhile. `finish` puts the session back. */
export class CodeLoader {
  readonly #connection: Connection
  readonly #hold: HoldOptions
  readonly #onRefused: OnRefused | undefined
  readonly warnings: string[] = []

  /** @param onRefused without it, code that the target does not take is an error */
  constructor(connection: Connection, hold: HoldOptions, onRefused?: OnRefused) {
    this.#connection = connection
    this.#hold = hold
    this.#onRefused = onRefused
  }

  /** Parts of a schema, in the order given. */
  async createAll(schema: SchemaContent, parts: readonly CodeContent[]): Promise<void> {
    for (const step of codeSteps(schema, parts)) {
      if (step.kind === 'session') await this.#run(step.sql)
      else await this.#createOrTell(step)
    }
  }

  /** Each after those that it names. Answers those that refer to something that is not there. */
  async createViews(views: readonly SchemaView[]): Promise<readonly LeftView[]> {
    let left = inDependencyOrder(views)
    while (left.length > 0) {
      const failed: LeftView[] = []
      for (const item of left) {
        try {
          await this.createAll(item.schema, [item.view])
        } catch (error) {
          if (!missingParts.has(serverErrno(error) ?? 0)) throw error
          failed.push({ ...item, error })
        }
      }
      if (failed.length === left.length) return failed
      left = failed
    }
    return []
  }

  /** All else is there now: those views become warnings that say what is missing. */
  giveUp(left: readonly LeftView[], isPartial: boolean): void {
    for (const { schema, view, error } of left) {
      const name = `view ${schema.name}.${view.name}`
      if (view.isValid === false) this.warnings.push(notCreated(name, 'was broken in the source'))
      else if (this.#onRefused !== undefined && error instanceof Error) this.#onRefused(name, error)
      else {
        const what = isPartial ? 'not restored' : 'missing'
        this.warnings.push(
          `${notCreated(name, `refers to something that is ${what}`)}: ${serverSentence(error)}`,
        )
      }
    }
  }

  async finish(settings: { readonly sqlMode: string }): Promise<void> {
    for (const sql of afterCode(settings)) await this.#run(sql)
  }

  async #createOrTell({ object, settings, bytes }: Extract<CodeStep, { kind: 'create' }>): Promise<void> {
    try {
      await this.#run(settings)
      await this.#create(bytes)
    } catch (error) {
      const errno = serverErrno(error)
      const isRefused = errno !== undefined && !isHoldfastError(error, 'PRIVILEGE_MISSING')
      // What a view needs may come after it.
      const isLater = object.startsWith('view ') && missingParts.has(errno ?? 0)
      if (this.#onRefused === undefined || !isRefused || isLater || !(error instanceof Error)) throw error
      this.#onRefused(object, error)
    }
  }

  async #create(statement: Buffer): Promise<void> {
    try {
      await this.#run(statement)
    } catch (error) {
      if (!untrustedFunction.has(serverErrno(error) ?? 0)) throw error
      await this.#trustingFunctions(() => this.#run(statement))
    }
  }

  /** The source trusted its functions, so the target must for a moment. */
  async #trustingFunctions(create: () => Promise<unknown>): Promise<void> {
    await using held = new AsyncDisposableStack()
    held.use(await HeldGlobals.hold(this.#connection, [trust], this.#hold))
    await create()
  }

  #run(sql: string | Buffer) {
    return this.#connection.run(sql, { signal: this.#hold.signal })
  }
}

/** Words that notCreatedView reads. */
function notCreated(name: string, why: string): string {
  return `${name} ${why} and was not created`
}

/** The view that a warning of the loader tells of. */
export function notCreatedView(warning: string): string | undefined {
  return /^(view .+) (?:was broken in the source|refers to something that is (?:missing|not restored)) and was not created(?:$|: )/s.exec(
    warning,
  )?.[1]
}

/** Without the statement, which is long. */
function serverSentence(error: unknown): string {
  if (!(error instanceof HoldfastError)) return String(error)
  const { statement } = error.details
  return error.message.replace(` in: ${String(statement)}`, '')
}

const trust = {
  name: 'log_bin_trust_function_creators',
  value: '1',
  neededFor: 'the target has a binary log, and takes functions from a few accounts only',
}

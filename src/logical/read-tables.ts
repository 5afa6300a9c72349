// Reads the rows of all tables of a snapshot with several readers at once, and makes one object of each table.
import type { BackupObject, ObjectChunk } from '../core/backup.ts'
import type { EmitEvent } from '../core/events.ts'
import { RowProgress } from '../core/row-progress.ts'
import { letTablesGo, markNoTables, type OpenSnapshot } from '../instance/consistent-snapshot.ts'
import type { Connection } from '../wire/connection.ts'
import { type ComputedValues, readComputed } from './computed-values.ts'
import type { RangeContent } from './content.ts'
import type { SchemaDefinition } from './definitions.ts'
import { parenthesized } from './filters/row-condition.ts'
import { ReadEstimate } from './read-estimate.ts'
import { type ReadJob, ReadQueue, type TableJob } from './read-queue.ts'
import type { TableReader } from './table-reader.ts'

export interface ReadRequest {
  readonly schemas: readonly SchemaDefinition[]
  /** A session that ranges are looked up in; outside of the snapshot. */
  readonly control: Connection
  /** Sessions within the snapshot. */
  readonly readers: readonly TableReader[]
  readonly snapshot: OpenSnapshot
  /** Nobody can change a definition, whatever the readers hold. */
  readonly isGuarded: boolean
  /** No range of a table is cut smaller, in bytes as the server counts them. */
  readonly minRangeBytes: number
  readonly emit: EmitEvent
  readonly signal: AbortSignal | undefined
}

/** The rows of a table in the backup. */
export interface TableRows {
  readonly object: BackupObject
  /** The ranges it was read in, in the order of its chunks; one alone where it was read whole. */
  readonly ranges: readonly RangeContent[]
  readonly computed?: ComputedValues | undefined
}

/** What the server thinks that all rows together take, in bytes. */
export function tableBytes(schemas: readonly SchemaDefinition[]): number {
  return jobsOf(schemas).reduce((sum, job) => sum + job.estimatedBytes, 0)
}

/** The size of a table tells nothing of the rows that meet a condition. */
function isConditional(schemas: readonly SchemaDefinition[]): boolean {
  return schemas.some(({ tables }) => tables.some(({ where }) => where !== undefined))
}

/** Object names are for people and for finding; content says which table it is. */
export function tableObjectName(schema: string, table: string): string {
  return `${encodeURIComponent(schema)}/${encodeURIComponent(table)}`
}

/**
 * First the tables that are locked for it, then the others, the largest first. Answers the rows by the object's name.
 * @throws what a reader throws; the first failure stops all readers
 */
export async function readTables(request: ReadRequest): Promise<ReadonlyMap<string, TableRows>> {
  const { schemas, readers, snapshot, isGuarded, signal } = request
  // Rows come as they lie in the table, whatever their character set.
  await Promise.all(
    readers.map(({ session }) => session.run('SET SESSION character_set_results = NULL', { signal })),
  )
  if (isGuarded) await Promise.all(readers.map(({ session }) => markNoTables(session, { signal })))
  const jobs = jobsOf(schemas).toSorted((a, b) => b.estimatedBytes - a.estimatedBytes)
  const reading = new Reading(request, jobs)
  await reading.readAll(jobs.filter((job) => !job.isTransactional))
  // If this session was lost, writes may have come before we had read.
  await snapshot.tableLock?.run('UNLOCK TABLES', { signal })
  await reading.readAll(jobs.filter((job) => job.isTransactional))
  await snapshot.globalLock?.run('UNLOCK TABLES', { signal })
  await Promise.all(readers.map((reader) => reader.finish()))
  reading.finish()
  return reading.tables()
}

// A round trip for every hundred tables is nothing, and a hundred locks are looked through at once.
const mostHeldTables = 100

interface ReadRange {
  readonly at: number
  readonly text: string
  readonly condition: string
  readonly partitions: readonly string[]
  readonly chunks: readonly ObjectChunk[]
}

class Reading {
  readonly #request: ReadRequest
  readonly #stop = new AbortController()
  readonly #either: AbortSignal
  readonly #estimate: ReadEstimate
  readonly #progress: RowProgress
  readonly #read = new Map<string, ReadRange[]>()
  readonly #computed = new Map<string, ComputedValues>()

  constructor(request: ReadRequest, jobs: readonly TableJob[]) {
    this.#request = request
    const { schemas, emit, signal } = request
    const estimate = new ReadEstimate(jobs)
    const expected = isConditional(schemas) ? () => ({}) : () => estimate.expected()
    this.#estimate = estimate
    this.#progress = new RowProgress({ emit, phase: 'reading tables', expected })
    this.#either = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal])
  }

  async readAll(jobs: readonly TableJob[]): Promise<void> {
    const { readers, control, minRangeBytes, isGuarded, signal } = this.#request
    const queue = new ReadQueue({
      control,
      jobs,
      readers: readers.length,
      minRangeBytes,
      estimate: this.#estimate,
    })
    const pull = async (reader: TableReader): Promise<void> => {
      let held = 0
      for (
        let job = await queue.next(this.#either);
        job !== undefined;
        job = await queue.next(this.#either)
      ) {
        await this.#readOne(reader, job)
        if (isGuarded && ++held % mostHeldTables === 0) await letTablesGo(reader.session, { signal })
      }
    }
    const stopAll = (error: unknown): void => this.#stop.abort(error)
    await Promise.all(readers.map((reader) => pull(reader).catch(stopAll)))
    signal?.throwIfAborted()
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason
  }

  finish(): void {
    this.#progress.finish()
  }

  /** Chunks of a table stand in the order of its ranges, whoever was ready first. */
  tables(): ReadonlyMap<string, TableRows> {
    const tables = new Map<string, TableRows>()
    for (const [name, unordered] of this.#read) {
      const read = unordered.toSorted((a, b) => a.at - b.at)
      const chunks = read.flatMap((range) => range.chunks)
      const ranges = read.map((range) => ({
        text: range.text,
        condition: range.condition,
        ...(range.partitions.length === 0 ? {} : { partitions: [...range.partitions] }),
        chunks: range.chunks.length,
        rows: range.chunks.reduce((sum, chunk) => sum + chunk.rows, 0),
      }))
      tables.set(name, { object: { name, chunks }, ranges, computed: this.#computed.get(name) })
    }
    return tables
  }

  async #readOne(
    reader: TableReader,
    { table, at, text, condition, partitions, select }: ReadJob,
  ): Promise<void> {
    const { schema, name, object } = table
    const onChunk = (plainBytes: number, rows: number): void => {
      this.#estimate.add(table, plainBytes, rows)
      this.#progress.add(plainBytes, rows, `${schema}.${name}`)
    }
    const chunks = await reader.read({ schema, name, select }, onChunk, this.#either)
    this.#estimate.leave(table)
    const read = this.#read.get(object)
    if (read === undefined) this.#read.set(object, [{ at, text, condition, partitions, chunks }])
    else read.push({ at, text, condition, partitions, chunks })
    // What is computed of a mask is not what it was.
    const isMasked = table.columns.some(({ mask }) => mask !== undefined)
    if (at > 0 || isMasked || table.modalColumns.length === 0) return
    const from = table.where === undefined ? table.from : `${table.from} WHERE ${parenthesized(table.where)}`
    const options = { signal: this.#either }
    this.#computed.set(object, await readComputed(reader.session, table.modalColumns, from, options))
  }
}

function jobsOf(schemas: readonly SchemaDefinition[]): readonly TableJob[] {
  return schemas.flatMap((schema) =>
    schema.tables.flatMap((table) =>
      table.select === undefined
        ? []
        : [
            {
              ...table,
              schema: schema.name,
              select: table.select,
              object: tableObjectName(schema.name, table.name),
            },
          ],
    ),
  )
}

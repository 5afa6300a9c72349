// Reads the rows of all tables of a snapshot with several readers at once, and makes one object of each table.
import type { BackupObject, ObjectChunk } from '../core/backup.ts'
import type { EmitEvent } from '../core/events.ts'
import type { OpenSnapshot } from '../instance/consistent-snapshot.ts'
import type { SchemaDefinition } from './definitions.ts'
import type { TableDefinition } from './table-definition.ts'
import type { RowSelect, TableReader } from './table-reader.ts'

export interface ReadRequest {
  readonly schemas: readonly SchemaDefinition[]
  /** Sessions within the snapshot. */
  readonly readers: readonly TableReader[]
  readonly snapshot: OpenSnapshot
  readonly emit: EmitEvent
  readonly signal: AbortSignal | undefined
}

interface TableJob extends RowSelect {
  readonly object: string
  readonly isTransactional: boolean
  readonly estimatedBytes: number
}

/** What the server thinks that all rows together take, in bytes. */
export function tableBytes(schemas: readonly SchemaDefinition[]): number {
  return jobsOf(schemas).reduce((sum, job) => sum + job.estimatedBytes, 0)
}

/** Object names are for people and for finding; content says which table it is. */
export function tableObjectName(schema: string, table: string): string {
  return `${encodeURIComponent(schema)}/${encodeURIComponent(table)}`
}

/**
 * First the tables that are locked for it, then the others, the largest first. Answers the objects by name.
 * @throws what a reader throws; the first failure stops all readers
 */
export async function readTables(request: ReadRequest): Promise<ReadonlyMap<string, BackupObject>> {
  const { schemas, readers, snapshot, emit, signal } = request
  // Rows come as they lie in the table, whatever their character set.
  await Promise.all(
    readers.map(({ session }) => session.run('SET SESSION character_set_results = NULL', { signal })),
  )
  emit({ type: 'phase', phase: 'reading tables' })
  const jobs = jobsOf(schemas).toSorted((a, b) => b.estimatedBytes - a.estimatedBytes)
  const reading = new Reading(request, tableBytes(schemas))
  await reading.readAll(jobs.filter((job) => !job.isTransactional))
  // If this session was lost, writes may have come before we had read.
  await snapshot.tableLock?.run('UNLOCK TABLES', { signal })
  await reading.readAll(jobs.filter((job) => job.isTransactional))
  await Promise.all(readers.map((reader) => reader.finish()))
  return reading.objects
}

class Reading {
  readonly #request: ReadRequest
  readonly #stop = new AbortController()
  readonly #either: AbortSignal
  readonly #totalBytes: number
  #doneBytes = 0
  readonly objects = new Map<string, BackupObject>()

  constructor(request: ReadRequest, totalBytes: number) {
    this.#request = request
    this.#totalBytes = totalBytes
    const { signal } = request
    this.#either = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal])
  }

  async readAll(jobs: readonly TableJob[]): Promise<void> {
    const queue = [...jobs]
    const pull = async (reader: TableReader): Promise<void> => {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
        const chunks = await this.#read(reader, job)
        this.objects.set(job.object, { name: job.object, chunks })
      }
    }
    const { readers, signal } = this.#request
    const stopAll = (error: unknown): void => this.#stop.abort(error)
    await Promise.all(readers.map((reader) => pull(reader).catch(stopAll)))
    signal?.throwIfAborted()
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason
  }

  #read(reader: TableReader, job: TableJob): Promise<readonly ObjectChunk[]> {
    const onBytes = (plainBytes: number): void => {
      this.#doneBytes += plainBytes
      this.#request.emit({
        type: 'progress',
        phase: 'reading tables',
        done: this.#doneBytes,
        total: Math.max(this.#totalBytes, this.#doneBytes),
        isEstimate: true,
        unit: 'bytes',
        detail: `${job.schema}.${job.name}`,
      })
    }
    return reader.read(job, onBytes, this.#either)
  }
}

function jobsOf(schemas: readonly SchemaDefinition[]): readonly TableJob[] {
  return schemas.flatMap((schema) => schema.tables.flatMap((table) => jobOf(schema.name, table)))
}

function jobOf(schema: string, table: TableDefinition): readonly TableJob[] {
  const { name, select, isTransactional, estimatedBytes } = table
  if (select === undefined) return []
  return [{ schema, name, select, isTransactional, estimatedBytes, object: tableObjectName(schema, name) }]
}

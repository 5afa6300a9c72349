// Reads tables of the target back over several sessions, and compares rows and row hashes with the manifest.
import { addRowHashes, noRowsHash } from '../../bytes/kernel/row-hash.ts'
import { type RowChunk, RowKernel } from '../../bytes/kernel/row-kernel.ts'
import type { BackupSource } from '../../core/backup.ts'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { EmitEvent } from '../../core/events.ts'
import { RowProgress } from '../../core/row-progress.ts'
import { openReadSession } from '../../instance/read-session.ts'
import type { RangeContent } from '../content.ts'
import { partitionSelect } from '../ranges/partitions.ts'
import { type RowDigest, readDigest } from '../read-back.ts'
import { type ExpectedTable, ReadEstimate } from '../read-estimate.ts'
import type { ComparedTable } from './compared-table.ts'
import type { NumberedChunk, RowPart } from './differing-rows.ts'

export interface CompareRowsRequest {
  readonly settings: ConnectionSettings
  readonly backup: BackupSource
  readonly tables: readonly ComparedTable[]
  /** The ranges of the backup are conditions in its flavour's SQL. */
  readonly canUseRanges: boolean
  readonly threads: number
  readonly emit: EmitEvent
  readonly signal: AbortSignal | undefined
}

/** A table with what was read of it. */
export interface TableCompared {
  readonly table: ComparedTable
  readonly found: RowDigest
  readonly wanted: RowDigest
  /** The ranges whose rows differ: none where the whole is the same. */
  readonly differing: readonly ComparedPart[]
  /** Of the backup's text. */
  readonly bytes: number
}

export interface ComparedPart extends RowPart {
  /** The range for people; '' for all rows. */
  readonly text: string
}

interface ReadTable {
  readonly table: ComparedTable
  readonly parts: readonly ComparedPart[]
  readonly bytes: number
  readonly found: RowDigest[]
}

interface PartJob {
  readonly read: ReadTable
  readonly at: number
}

/** The largest tables first; the ranges of one are read by all sessions. Fails with the first failure. */
export async function compareRows(request: CompareRowsRequest): Promise<readonly TableCompared[]> {
  const { settings, emit, signal } = request
  const reads = (await tablesToRead(request)).toSorted((a, b) => b.bytes - a.bytes)
  const jobs: PartJob[] = reads.flatMap((read) => read.parts.map((_, at) => ({ read, at })))
  // The backup tells what there should be; what there is shows when it is read.
  const estimate = new ReadEstimate(reads.map(expectedOf))
  const progress = new RowProgress({
    emit,
    phase: 'reading the target back',
    expected: () => estimate.expected(),
  })
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const pull = async (): Promise<void> => {
    await using session = await openReadSession(settings, either)
    await session.run('SET SESSION character_set_results = NULL', { signal: either })
    const kernel = new RowKernel()
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const { read, at } = job
      const detail = `${read.table.schema}.${read.table.content.name}`
      const expected = expectedOf(read)
      estimate.enter(expected)
      if (at === read.parts.length - 1) estimate.exhaust(expected)
      const onChunk = ({ bytes, rows }: RowChunk): void => {
        estimate.add(expected, bytes.length, rows)
        progress.add(bytes.length, rows, detail)
      }
      const { select } = read.parts[at] ?? read.table
      read.found[at] = await readDigest(session, select, either, onChunk, kernel)
      estimate.leave(expected)
    }
  }
  const stopAll = (error: unknown): void => stop.abort(error)
  const sessions = Math.max(1, Math.min(request.threads, jobs.length))
  await Promise.all(Array.from({ length: sessions }, () => pull().catch(stopAll)))
  signal?.throwIfAborted()
  if (stop.signal.aborted) throw stop.signal.reason
  progress.finish()
  return reads.map(compared)
}

function expectedOf({ table, bytes }: ReadTable): ExpectedTable {
  return { object: table.object, estimatedBytes: bytes, estimatedRows: table.content.rows }
}

async function tablesToRead(request: CompareRowsRequest): Promise<readonly ReadTable[]> {
  const reads: ReadTable[] = []
  for (const table of request.tables) {
    const { chunks } = await request.backup.object(table.object, request.signal)
    const numbered = chunks.map((chunk, at) => ({ ...chunk, number: at + 1 }))
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.plainBytes, 0)
    const parts = request.canUseRanges ? partsOf(table, numbered) : [wholeTable(table, numbered)]
    reads.push({ table, parts, bytes, found: [] })
  }
  return reads
}

function wholeTable(table: ComparedTable, chunks: readonly NumberedChunk[]): ComparedPart {
  return { text: '', select: table.select, chunks }
}

function partsOf(table: ComparedTable, chunks: readonly NumberedChunk[]): readonly ComparedPart[] {
  const { ranges = [] } = table.content
  const promised = ranges.reduce((sum, range) => sum + range.chunks, 0)
  if (ranges.length === 0) return [wholeTable(table, chunks)]
  if (promised !== chunks.length) {
    throw new HoldfastError(
      'VERIFY_FAILED',
      `the ranges of ${table.schema}.${table.content.name} have ${promised} chunks and its rows ${chunks.length}`,
      { schema: table.schema, table: table.content.name },
    )
  }
  let from = 0
  const selects = ranges.map((range) => rangeOf(table, range))
  if (selects.includes(undefined)) return [wholeTable(table, chunks)]
  return ranges.map(({ text, chunks: count }, at) => {
    const start = from
    from += count
    const select = selects[at] ?? table.select
    return { text, select, chunks: chunks.slice(start, from) }
  })
}

/** Undefined where the partitions of the target are not those of the backup. */
function rangeOf(table: ComparedTable, { condition, partitions = [] }: RangeContent): string | undefined {
  const { schema, content, hasSamePartitions } = table
  if (partitions.length > 0 && !hasSamePartitions) return undefined
  const select =
    partitions.length === 0 ? table.select : partitionSelect(table.select, schema, content.name, partitions)
  return select === undefined || condition === '' ? select : `${select} WHERE ${condition}`
}

function compared({ table, parts, found, bytes }: ReadTable): TableCompared {
  const wanted = parts.map(({ chunks }) => sumOf(chunks))
  const all = { table, found: sumOf(found), wanted: sumOf(wanted), bytes }
  // Ranges are what the server's order of the key makes of them: another version may draw a line elsewhere, with the same rows in all.
  if (isSame(all.found, all.wanted)) return { ...all, differing: [] }
  const differing = parts.filter((_, at) => !isSame(found[at] ?? none, wanted[at] ?? none))
  return { ...all, differing }
}

const none: RowDigest = { rows: 0, rowHash: noRowsHash }

function sumOf(digests: readonly RowDigest[]): RowDigest {
  return digests.reduce(
    (sum, { rows, rowHash }) => ({ rows: sum.rows + rows, rowHash: addRowHashes(sum.rowHash, rowHash) }),
    none,
  )
}

function isSame(one: RowDigest, other: RowDigest): boolean {
  return one.rows === other.rows && one.rowHash === other.rowHash
}

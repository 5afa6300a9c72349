// All that an archiver must know to go on after a segment: kept beside the spool, because a writer may not read the repository.
import { z } from 'zod'
import type { Flavour } from '../core/flavour.ts'
import { stateAfter } from '../core/gtid-state.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { type SegmentIndex, transactionKinds } from '../core/segment-index.ts'
import { parseDocument } from '../repository/documents.ts'
import { indexChain } from './index-chain.ts'

const count = z.number().int().nonnegative()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const eventMark = z.object({ offset: count, length: count, sha256 })

const openTransaction = z.object({
  start: count,
  gtid: z.string().exactOptional(),
  headerSeconds: count,
  commitMicros: count.exactOptional(),
  kind: z.enum(transactionKinds),
  hasStatements: z.boolean(),
  endsAt: count.exactOptional(),
  isStandalone: z.boolean(),
})

const source = z.object({
  flavour: z.enum(['mysql', 'mariadb']),
  serverUuid: z.string().exactOptional(),
  serverId: count,
  gtidDomainId: count.exactOptional(),
})

const origin = z.object({
  reason: z.string(),
  after: z.object({ timeline: z.string(), seq: count, chain: sha256.exactOptional() }).exactOptional(),
})

const fileEnd = z.object({ kind: z.enum(['rotate', 'stop']), nextFile: z.string().exactOptional() })

const resumeState = z.object({
  format: z.literal(1),
  timeline: z.string(),
  /** Number of the segment that comes next. */
  seq: count,
  source,
  serverVersion: z.string(),
  /** Until the first segment of the timeline is sealed. */
  origin: origin.exactOptional(),
  /** Where it goes on, unless a new file begins there. '' and 0: nothing has been archived. */
  file: z.string(),
  offset: count,
  formatEvent: z.string(),
  chain: sha256,
  gtid: z.string(),
  timeMicros: count,
  /** Until then nothing but what is archived had been committed. */
  coveredUntilMicros: count.exactOptional(),
  fileEnd: fileEnd.exactOptional(),
  tail: eventMark.exactOptional(),
  openTransaction: openTransaction.exactOptional(),
})

const segmentIndex = z.object({
  format: z.literal(1),
  timeline: z.string(),
  seq: count,
  source,
  serverVersion: z.string(),
  origin: origin.exactOptional(),
  file: z.string(),
  start: count,
  end: count,
  fileEnd: fileEnd.exactOptional(),
  formatEvent: z.string(),
  dataSha256: sha256,
  previousChain: sha256,
  chain: sha256,
  gtidBefore: z.string(),
  gtidAfter: z.string(),
  timeMicros: count,
  coveredUntilMicros: count.exactOptional(),
  firstArrivalMillis: z.number().nonnegative(),
  lastArrivalMillis: z.number().nonnegative(),
  openTransaction: openTransaction.exactOptional(),
  incidents: z.array(z.object({ offset: count, message: z.string() })),
  transactions: z.object({
    skips: z.array(z.number().int()),
    lengths: z.array(count),
    gtids: z.array(z.tuple([z.string(), z.string().regex(/^\d+$/), count])),
    timeMicros: z.array(z.number().int()),
    arrivalMillis: z.array(z.number()),
    kinds: z.string().regex(/^[a-fA-F]*$/),
    changes: z
      .object({ tables: z.array(z.tuple([z.string(), z.string()])), rows: z.string() })
      .exactOptional(),
  }),
  tail: eventMark,
})

export type ResumeState = z.infer<typeof resumeState>

/** Where a timeline begins that has nothing yet. */
export function firstState(
  timeline: string,
  server: { readonly source: ResumeState['source']; readonly serverVersion: string },
): ResumeState {
  return {
    format: 1,
    timeline,
    seq: 1,
    source: server.source,
    serverVersion: server.serverVersion,
    file: '',
    offset: 0,
    formatEvent: '',
    chain: '0'.repeat(64),
    gtid: '',
    timeMicros: 0,
  }
}

/** Where the history goes on after a segment; undefined `openTransaction` and so on as the index says. */
export function stateAfterSegment(index: SegmentIndex): ResumeState {
  return {
    format: 1,
    timeline: index.timeline,
    seq: index.seq + 1,
    source: index.source,
    serverVersion: index.serverVersion,
    file: index.file,
    offset: index.end,
    formatEvent: index.formatEvent,
    chain: index.chain,
    gtid: index.gtidAfter,
    timeMicros: index.timeMicros,
    tail: index.tail,
    ...(index.coveredUntilMicros === undefined ? {} : { coveredUntilMicros: index.coveredUntilMicros }),
    ...(index.fileEnd === undefined ? {} : { fileEnd: index.fileEnd }),
    ...(index.openTransaction === undefined ? {} : { openTransaction: index.openTransaction }),
  }
}

/** Throws MalformedDataError, naming `place`. */
export function parseResumeState(value: unknown, place: string): ResumeState {
  return parseDocument(resumeState, value, place)
}

/** Throws MalformedDataError, naming `place`: also when the index is not the one that it was sealed with. */
export function parseSegmentIndex(value: unknown, place: string): SegmentIndex {
  const index = parseDocument(segmentIndex, value, place)
  const { skips, lengths, timeMicros, arrivalMillis, kinds, gtids } = index.transactions
  const counts = [skips.length, timeMicros.length, arrivalMillis.length, kinds.length]
  const named = gtids.reduce((sum, [, , run]) => sum + run, 0)
  if (index.end <= index.start || [...counts, named].some((length) => length !== lengths.length)) {
    throw new MalformedDataError({
      what: 'segment index',
      file: place,
      offset: 0,
      expected: `columns of ${lengths.length} transactions`,
      found: [...counts, named].join(', '),
    })
  }
  for (const text of [index.gtidBefore, index.gtidAfter]) checkState(index.source.flavour, text, place)
  const chain = typeof value === 'object' && value !== null ? indexChain(value) : ''
  if (chain === index.chain) return index
  throw new MalformedDataError({
    what: 'segment index',
    file: place,
    offset: 0,
    expected: `the chain value ${chain} that it adds up to`,
    found: index.chain,
  })
}

function checkState(flavour: Flavour, text: string, place: string): void {
  try {
    stateAfter({ flavour, text }, [])
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const expected = `what a server of ${flavour} has executed`
    throw new MalformedDataError(
      { what: 'segment index', file: place, offset: 0, expected, found: text },
      { cause: error },
    )
  }
}

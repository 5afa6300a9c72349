// The JSON documents of a repository: their shapes, checked once when they are read.
import { z } from 'zod'
import { MalformedDataError } from '../core/malformed-data-error.ts'

const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))
const count = z.number().int().nonnegative()
const flavour = z.enum(['mysql', 'mariadb'])

export const repositoryDocument = z.object({
  format: z.literal(1),
  id: hex(16),
  created: z.string(),
  encryption: z.enum(['age', 'none']),
  packTargetBytes: z
    .number()
    .int()
    .min(1)
    .max(1 << 30),
})
export type RepositoryDocument = z.infer<typeof repositoryDocument>

export const recipientsDocument = z.object({
  format: z.literal(1),
  repository: hex(16),
  generation: z.number().int().positive(),
  recipients: z.array(z.string().min(1)).min(1).max(64),
})

export const sourceDocument = z.object({
  format: z.literal(1),
  created: z.string(),
  flavour,
  serverUuid: z.string().exactOptional(),
  serverId: count,
  gtidDomainId: count.exactOptional(),
})

/** What an age file in keys/ holds, or in clear the file of an unencrypted source (with an empty data key). */
export const keyDocument = z.object({
  format: z.literal(1),
  id: hex(16),
  dataKey: z.union([hex(32), z.literal('')]),
  chunkIdKey: hex(32),
})

/** Where a chunk lies: pack, offset and length of its frame in the pack, length of the payload. */
const location = z.object({
  id: hex(32),
  pack: hex(32),
  offset: count,
  frameBytes: count,
  plainBytes: count,
})
export type ChunkLocation = z.infer<typeof location>

const point = z.object({
  position: z.object({ file: z.string(), offset: count }).exactOptional(),
  gtid: z.object({ flavour, text: z.string() }).exactOptional(),
  timeMicros: z.number().int(),
})

export const manifestDocument = z.object({
  format: z.literal(1),
  id: z.string(),
  kind: z.enum(['logical', 'physical']),
  method: z.enum(['dump', 'clone', 'hot', 'mariadb-backup', 'cold', 'snapshot']),
  startedAt: z.string(),
  finishedAt: z.string(),
  leaseGeneration: count,
  origin: z.object({
    flavour,
    serverVersion: z.string(),
    serverUuid: z.string().exactOptional(),
    serverId: count,
    gtidDomainId: count.exactOptional(),
  }),
  point,
  isPartial: z.boolean(),
  warnings: z.array(z.string()),
  sizes: z.object({ plainBytes: count, storedBytes: count, newBytes: count, chunks: count }),
  /** zstd's, of what this backup added; chunks that were there before keep what they were stored with. */
  compressLevel: z.number().int().exactOptional(),
  /** Chunks whose payloads, joined, are the engine's JSON. */
  content: z.array(location),
})
export type ManifestDocument = z.infer<typeof manifestDocument>

export const evidenceDocument = z.object({
  format: z.literal(1),
  backup: z.string(),
  triedAt: z.string(),
  seconds: z.number().nonnegative(),
  serverVersion: z.string(),
  outcome: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('recovered'),
      point,
      tables: count,
      problems: z.array(z.object({ table: z.string(), problem: z.string() })),
    }),
    z.object({ kind: z.enum(['failed', 'broken-off']), why: z.string() }),
  ]),
})

export const indexDocument = z.object({
  format: z.literal(1),
  /** All packs that hold anything of this backup, with their lengths: what `verify` looks for. */
  packs: z.array(z.tuple([hex(32), count])),
  /** Map segments, each itself a chunk. */
  segments: z.array(location),
  /** Objects in the order they were stored: name, number of chunks, first segment, first entry in it. */
  objects: z.array(z.tuple([z.string(), count, count, count])),
})
export type IndexDocument = z.infer<typeof indexDocument>

/** At most 4096 entries; the chunks of an object are consecutive and may go on in the next segment. */
export const segmentDocument = z.object({
  format: z.literal(1),
  packs: z.array(hex(32)),
  /** Chunk id, place in `packs`, offset and length of the frame, length of the payload, rows, row hash. */
  entries: z.array(z.tuple([hex(32), count, count, count, count, count, z.string()])).max(4096),
})
export type SegmentDocument = z.infer<typeof segmentDocument>

/** Turns parsed JSON into a document. Throws MalformedDataError naming `file` and the field that is wrong. */
export function parseDocument<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new MalformedDataError(
    {
      what: 'document',
      file,
      offset: 0,
      expected: issue?.message ?? 'a valid document',
      found: `something else at ${issue?.path.join('.') || 'its root'}`,
    },
    { cause: result.error },
  )
}

// What the manifest of a logical backup says about schemas, tables, code and accounts. Written and read only here; see docs/format.
import { z } from 'zod'
import { lockRungs } from '../instance/consistent-snapshot.ts'

/** A statement as the server keeps it: text where that is UTF-8, else its bytes. */
const statement = z.union([z.string(), z.object({ base64: z.base64() })])

const code = z.object({
  kind: z.enum(['trigger', 'procedure', 'function', 'package', 'package body', 'event', 'view']),
  name: z.string(),
  statement,
  /** The session it was created in, without which it would mean something else. */
  sqlMode: z.string(),
  charsetClient: z.string(),
  collationConnection: z.string(),
  /** Collation of the schema at that time; absent where it has no meaning. */
  collationDatabase: z.string().optional(),
  /** Events only. */
  timeZone: z.string().optional(),
  /** Events only: seconds since 1970-01-01 UTC. */
  createdAt: z.number().optional(),
  /** Views only: false when it refers to something that is gone or changed. */
  isValid: z.boolean().optional(),
})

/**
 * How a column's cells are written: `plain` and `enum` load as they stand; the others are assigned through an expression (see load-statement.ts).
 */
const column = z.object({
  name: z.string(),
  encoding: z.enum(['plain', 'enum', 'json', 'text', 'utf8', 'number']),
  /** What was read in place of its values, as --mask takes it. */
  mask: z.string().optional(),
})

const range = z.object({
  /** For people: which rows. */
  text: z.string(),
  /** The same for WHERE, in the SQL of the source's flavour; '' for all rows of its partitions. */
  condition: z.string(),
  /** Of these partitions, or subpartitions, alone; absent: of all. */
  partitions: z.array(z.string()).optional(),
  /** How many of the table's chunks are of this range; the ranges follow one another. */
  chunks: z.int().min(0),
  rows: z.int().min(0),
})

const table = z.object({
  name: z.string(),
  ddl: z.string(),
  engine: z.string(),
  isTransactional: z.boolean(),
  /** Name of the backup object with the rows; absent where only the definition is kept. */
  object: z.string().optional(),
  columns: z.array(column),
  rows: z.int().min(0),
  /** Only rows for which this was true were read; for WHERE, in the SQL of the source's flavour. */
  where: z.string().optional(),
  /** What the rows were read in, where that was more than one range. */
  ranges: z.array(range).optional(),
  /** Stored generated columns that may come back with other values, and a number that tells: see computed-values.ts. */
  computed: z.object({ columns: z.array(z.string()), digest: z.string() }).optional(),
  /** Rows of the past are among the rows (MariaDB, system versioning). */
  hasHistory: z.boolean(),
  /** LOAD DATA REPLACE is refused or unsound for this table: INSERT only. */
  isInsertOnly: z.boolean(),
  /** The rows are as another program dumped them: FLOAT with six digits, and text perhaps not in the column's own character set. */
  isImported: z.literal(true).optional(),
  triggers: z.array(code),
})

const sequence = z.object({
  name: z.string(),
  ddl: z.string(),
  /** Next value and round, as text: they may pass 2^53. */
  next: z.string(),
  cycle: z.string(),
})

const schema = z.object({
  name: z.string(),
  ddl: z.string(),
  collation: z.string(),
  sequences: z.array(sequence),
  tables: z.array(table),
  views: z.array(code),
  routines: z.array(code),
  events: z.array(code),
})

const account = z.object({
  user: z.string(),
  host: z.string(),
  isRole: z.boolean(),
  create: z.array(z.string()),
  grants: z.array(z.string()),
  /** Run when all accounts have their grants: default roles. */
  after: z.array(z.string()),
})

const exclusion = z
  .object({
    schemas: z.array(z.string()).readonly(),
    tables: z.array(z.object({ schema: z.string(), name: z.string() })).readonly(),
  })
  .optional()

const selection = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('everything'), exclude: exclusion }),
  z.object({ kind: z.literal('schemas'), schemas: z.array(z.string()).readonly(), exclude: exclusion }),
  z.object({
    kind: z.literal('tables'),
    tables: z.array(z.object({ schema: z.string(), name: z.string() })).readonly(),
  }),
])

const content = z.object({
  format: z.literal(1),
  selection,
  /** Definitions or rows only: see --structure-only and --data-only; absent where both are kept. */
  parts: z.enum(['structure', 'data']).optional(),
  server: z.object({ release: z.int(), lowerCaseTableNames: z.int() }),
  /** Absent where the backup was made of the dump of another program. */
  snapshot: z
    .object({
      rung: z.enum(lockRungs),
      /** How long writes were held up. */
      heldMs: z.number(),
      /** What kept DDL away: a lock for the whole dump, or definitions read twice and compared. */
      definitions: z.enum(['locked', 'compared']),
    })
    .optional(),
  /** What wrote the dump that the backup was made of, by its own name. */
  imported: z
    .object({ format: z.enum(['mysqldump', 'tab', 'mydumper', 'mysql-shell']), tool: z.string() })
    .optional(),
  schemas: z.array(schema),
  /** Absent unless everything was dumped and the account could read them. */
  accounts: z.array(account).optional(),
  /** What the server was set up with and the backup does not hold, by kind and name: `plugin rpl_semi_sync_source`. */
  setup: z.array(z.string()).optional(),
})

export type Statement = z.infer<typeof statement>
export type CodeContent = Readonly<z.infer<typeof code>>
export type ColumnContent = Readonly<z.infer<typeof column>>
export type RangeContent = Readonly<z.infer<typeof range>>
export type TableContent = Readonly<z.infer<typeof table>>
export type SequenceContent = Readonly<z.infer<typeof sequence>>
export type SchemaContent = Readonly<z.infer<typeof schema>>
export type AccountContent = Readonly<z.infer<typeof account>>
export type LogicalContent = Readonly<z.infer<typeof content>>

/** Throws a ZodError on anything that is no content of format 1. */
export function parseLogicalContent(value: unknown): LogicalContent {
  return content.parse(value)
}

// What the manifest of a physical backup says about files. Written and read only here; see docs/format/physical-content.md.
import { z } from 'zod'
import { snapshotDrivers } from './snapshot/snapshot-drivers.ts'

const count = z.number().int().nonnegative()

/** First and number: cells, or bytes of a cell. */
const run = z.tuple([count, z.number().int().positive()])

export const fileKinds = [
  'tablespace',
  'redo',
  'undo',
  'table',
  'binlog',
  'binlog-index',
  'relay-log',
  'options',
  'identity',
  'keyring',
  'certificate',
  'other',
] as const

const file = z.object({
  /** Relative to the data directory, or absolute. Also the name of the object with its chunks. */
  path: z.string(),
  kind: z.enum(fileKinds),
  sizeBytes: count,
  mode: count,
  modifiedAtMs: z.number().optional(),
  tablespace: z
    .object({
      spaceId: count,
      /** Bytes of a page in the file: for ROW_FORMAT=COMPRESSED its smaller one. */
      pageBytes: z.number().int().min(1024).max(65536),
      /** FSP_SPACE_FLAGS of page 0. */
      flags: count,
    })
    .optional(),
  isSparse: z.literal(true).optional(),
  /** Cells that are stored, in order: the first chunks of the object. All others are zeros. */
  cells: z.array(run),
  /** What changed of cells since they were stored, as pour/delta-list.ts writes it: the next chunks. Absent where there are none. */
  deltas: z.string().optional(),
  /** Laid over that: number of the cell, and which of its bytes. In order, for each cell; the further chunks of the object. */
  patches: z.array(z.tuple([count, z.array(run)])),
})

const folder = z.object({ path: z.string(), mode: count })

const server = z.object({
  /** innodb_page_size. */
  pageBytes: count,
  /** lower_case_table_names; absent where no one could ask or read it. */
  lowerCaseTableNames: z.number().int().min(0).max(2).optional(),
  /** innodb_data_file_path, as the server has it; absent where no one could ask or read it. */
  dataFilePath: z.string().optional(),
  /** What the names of the binary logs begin with, without folders; absent where the server writes none. */
  binlogBase: z.string().optional(),
  /** As `uname -m` names it. */
  architecture: z.string(),
  /** Plugins and components whose absence may keep the server from starting, or tables from opening. */
  plugins: z.array(z.string()),
  /** Tablespaces or logs are encrypted: what has to be there for them to be read. */
  keyring: z.string().optional(),
})

const point = z.object({
  position: z.object({ file: z.string(), offset: count }).optional(),
  gtid: z.object({ flavour: z.enum(['mysql', 'mariadb']), text: z.string() }).optional(),
  timeMicros: z.number().int(),
})

const content = z.object({
  format: z.literal(1),
  server,
  /** What the recovered server will have lies between these; absent where the point of the backup is exact. */
  bounds: z.object({ from: point, to: point }).optional(),
  /** What the files have to go through before a server starts on them; absent where the server itself recovers them. */
  prepare: z.object({ program: z.enum(['mariadb-backup', 'xtrabackup']), version: z.string() }).optional(),
  /**
   * Of a server that ran: how it was held still for the moment that this backup is of, for how many milliseconds writes waited, and what took
   * the snapshot, where one was taken.
   */
  snapshot: z
    .object({
      driver: z.enum(snapshotDrivers).optional(),
      rung: z.enum([
        'none',
        'backup-stage-ddl',
        'backup-stage',
        'flush-tables-with-read-lock',
        'lock-tables',
      ]),
      heldMs: z.number(),
    })
    .optional(),
  /** The server was shut down cleanly: nothing has to be recovered. */
  isClean: z.boolean(),
  /** The server's option file and those it includes, where one was named: kept for reading, not restored. */
  optionFiles: z.array(z.object({ path: z.string(), text: z.string() })),
  folders: z.array(folder),
  files: z.array(file),
  /** What belongs to the server and is not in this backup. */
  leftOut: z.array(z.object({ path: z.string(), why: z.string() })),
})

export type FileContent = Readonly<z.infer<typeof file>>
export type PhysicalContent = Readonly<z.infer<typeof content>>

/** Throws a ZodError on anything that is no content of format 1. */
export function parsePhysicalContent(value: unknown): PhysicalContent {
  return content.parse(value)
}

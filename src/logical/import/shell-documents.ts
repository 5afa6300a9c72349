// The JSON files of a dump by MySQL Shell or MariaDB Shell, as far as they are needed.
import { z } from 'zod'
import { HoldfastError } from '../../core/errors.ts'
import { type DumpFiles, readText } from './dump-files.ts'

const names = z.record(z.string(), z.string())

const instance = z.object({
  dumper: z.string().optional(),
  version: z.string(),
  origin: z.string().optional(),
  options: z.record(z.string(), z.unknown()).optional(),
  schemas: z.array(z.string()),
  basenames: names,
  tzUtc: z.boolean().optional(),
  serverVersion: z.string(),
  gtidExecuted: z.string().optional(),
  gtidExecutedInconsistent: z.boolean().optional(),
  consistent: z.boolean().optional(),
  capabilities: z.array(z.object({ id: z.string() })).optional(),
  source: z.object({ vendor: z.string().optional() }).optional(),
  binlogFile: z.string().optional(),
  binlogPosition: z.number().int().optional(),
})

const done = z.object({
  end: z.string().optional(),
  tableRows: z.record(z.string(), z.record(z.string(), z.number().int())).optional(),
})

const schema = z.object({
  schema: z.string(),
  includesData: z.boolean().optional(),
  tables: z.array(z.string()).optional(),
  views: z.array(z.string()).optional(),
  basenames: names.optional(),
})

const table = z.object({
  options: z.object({
    schema: z.string(),
    table: z.string(),
    columns: z.array(z.string()),
    decodeColumns: names.optional(),
    defaultCharacterSet: z.string().optional(),
    fieldsTerminatedBy: z.string().optional(),
    fieldsEnclosedBy: z.string().optional(),
    fieldsEscapedBy: z.string().optional(),
    linesTerminatedBy: z.string().optional(),
  }),
  triggers: z.array(z.string()).optional(),
  includesData: z.boolean().optional(),
  extension: z.string().optional(),
  chunking: z.boolean().optional(),
  partitions: z.array(z.string()).optional(),
  basenames: names.optional(),
})

export type ShellInstance = z.infer<typeof instance>
export type ShellTable = z.infer<typeof table>

export const readShellInstance = (files: DumpFiles) => readJson(files, '@.json', instance)
export const readShellDone = (files: DumpFiles) => readJson(files, '@.done.json', done)
export const readShellSchema = (files: DumpFiles, base: string) => readJson(files, `${base}.json`, schema)
export const readShellTable = (files: DumpFiles, base: string) => readJson(files, `${base}.json`, table)

async function readJson<T>(files: DumpFiles, name: string, shape: z.ZodType<T>): Promise<T> {
  if (!files.names.includes(name)) {
    throw new HoldfastError(
      'DUMP_INCOMPLETE',
      `${name} is missing: the dump did not finish, or lost a file`,
      { file: name },
    )
  }
  try {
    return shape.parse(JSON.parse(await readText(files, name)))
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    throw new HoldfastError(
      'UNSUPPORTED',
      `${name} is not what MySQL Shell is known to write`,
      { file: name },
      { cause: error },
    )
  }
}

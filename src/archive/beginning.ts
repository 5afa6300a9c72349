// With which file of the source's log a timeline begins, where somebody has a wish.
import { HoldfastError } from '../core/errors.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import type { Connection } from '../wire/connection.ts'
import { hasBinaryLog, type SourceServer } from './source-server.ts'

/** A file, and in words why that one. */
export interface Beginning {
  readonly file: string
  readonly which: string
}

export type Begin = (server: SourceIdentity) => Promise<Beginning>

/** Undefined without a wish: the source then sends the oldest file that it has. Throws BINLOG_PURGED and what `begin` throws. */
export async function chooseBeginning(
  begin: Begin | undefined,
  { source }: SourceServer,
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<Beginning | undefined> {
  const beginning = await begin?.(source)
  if (beginning === undefined) return undefined
  const { file, which } = beginning
  if ((await hasBinaryLog(connection, file, signal)) !== false) return beginning
  throw new HoldfastError('BINLOG_PURGED', `the source no longer has ${file}, ${which}`, { file })
}

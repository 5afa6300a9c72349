// Views, triggers, routines and events: the statement that made each, in its own bytes, and the session it was made in.
import type { Connection } from '../wire/connection.ts'
import type { CodeContent } from './content.ts'
import type { LogicalDialect } from './dialect.ts'
import type { Relation } from './table-definition.ts'

export async function readTriggers(
  _connection: Connection,
  _schema: string,
  _tables: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly CodeContent[]>> {
  return new Map()
}

export async function readViews(
  _c: Connection,
  _schema: string,
  _views: readonly Relation[],
): Promise<CodeContent[]> {
  return []
}

export async function readRoutines(
  _c: Connection,
  _d: LogicalDialect,
  _schema: string,
): Promise<CodeContent[]> {
  return []
}

export async function readEvents(_c: Connection, _schema: string): Promise<CodeContent[]> {
  return []
}

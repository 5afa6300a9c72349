// What a target has that the backup has not, or the other way round, for programs and in words.

export interface ChangedCell {
  readonly column: string
  /** As a person would write it, shortened where it is long. */
  readonly backup: string
  readonly target: string
  /** Where in the text of the cell, in bytes. */
  readonly differsAt: number
}

export interface DifferingRow {
  readonly kind: 'changed' | 'missing' | 'added'
  /** The columns of the key with their values, or all of the row where it has no key. */
  readonly row: string
  /** Where it stands in the backup: the number of the chunk within its table, from 1, and its id. */
  readonly chunk?: number
  readonly chunkId?: string
  /** Of a changed row. */
  readonly cells?: readonly ChangedCell[]
  /** More than 1 where the table has several rows that are alike. */
  readonly copies: number
  readonly text: string
}

export interface DefinitionDifference {
  readonly kind: 'definition'
  /** What and its name: 'trigger shop.order_added'. */
  readonly object: string
  readonly text: string
}

/** Stored columns that depend on the sql_mode of whoever wrote the rows: no load brings them back. */
export interface ComputedDifference {
  readonly kind: 'computed'
  readonly object: string
  readonly text: string
}

export interface RowsDifference {
  readonly kind: 'rows'
  readonly object: string
  readonly rowsOnTarget: number
  readonly rowsInBackup: number
  /** Ranges of the key in which rows differ, where the table was read in more than one. */
  readonly ranges: readonly string[]
  /** Rows that were found to differ; more are not named. Absent when they were not looked for. */
  readonly changed?: number
  readonly missing?: number
  readonly added?: number
  /** False: there are more than these. */
  readonly isAll?: boolean
  /** The first ones. */
  readonly rows: readonly DifferingRow[]
  readonly text: string
}

export type TargetDifference = DefinitionDifference | ComputedDifference | RowsDifference

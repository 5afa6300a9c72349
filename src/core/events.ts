// What long work tells while it runs. Operations emit these; only cli (and later the daemon) print, count or notify.

export interface PhaseEvent {
  readonly type: 'phase'
  /** A few words in the present tense: 'reading tables', 'replaying binary logs'. */
  readonly phase: string
  readonly detail?: string
}

export interface ProgressEvent {
  readonly type: 'progress'
  readonly phase: string
  readonly done: number
  /** Absent while nobody knows. */
  readonly total?: number
  /** True when `total` is an estimate. */
  readonly isEstimate?: boolean
  /** True when nobody knows how far behind `total` the end is. */
  readonly isAtLeast?: boolean
  /** What comes when `total` is done, and takes nobody knows how long: 'indexes of 3 tables'. */
  readonly followedBy?: string
  /** Beside bytes: rows done so far. */
  readonly rows?: number
  readonly unit: 'bytes' | 'rows' | 'tables' | 'transactions' | 'objects'
  readonly detail?: string
}

export interface NoticeEvent {
  readonly type: 'notice'
  /** A warning makes the command end with exit status 3. */
  readonly level: 'info' | 'warning'
  readonly message: string
}

export type HoldfastEvent = PhaseEvent | ProgressEvent | NoticeEvent

export type EmitEvent = (event: HoldfastEvent) => void

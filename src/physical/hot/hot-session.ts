// What the copying of a server that runs works with, whichever flavour it has.

import type { RecoveryPoint } from '../../core/recovery-point.ts'
import type { InstanceFacts } from '../../instance/instance-facts.ts'
import type { LockWait } from '../../instance/lock-wait.ts'
import type { ServerVariables } from '../../instance/server-variables.ts'
import type { Connection } from '../../wire/connection.ts'
import type { PhysicalContent } from '../content.ts'
import type { LiveCopy } from './copy-live-file.ts'
import type { ServerFolders } from './server-folders.ts'

export interface HotSession {
  /** Holds the locks: whatever becomes of us, the server lets them go when it ends. */
  readonly connection: Connection
  /** One more, with the same settings. */
  readonly connect: () => Promise<Connection>
  readonly facts: InstanceFacts
  readonly variables: ServerVariables
  readonly folders: ServerFolders
  readonly copy: LiveCopy
  readonly wait: LockWait
  /** Told how much there is to copy. */
  readonly expect: (bytes: number) => void
  /** How long others may wait for what we read under locks, or for what we have to store. */
  readonly patienceMs: number
  readonly signal: AbortSignal
}

/** What can be told of a server before it is copied. */
export type HotCandidate = Pick<HotSession, 'connection' | 'facts' | 'variables' | 'folders' | 'signal'>

/** Which moment was taken, and what it cost others. */
export interface HotMoment {
  readonly point: RecoveryPoint
  readonly snapshot: NonNullable<PhysicalContent['snapshot']>
}

/** The log is looked after this often: at 100 MB a second there are 10 MB to read. */
export const followPauseMs = 100

// The one moment of a snapshot: nobody who commits waits where its files alone tell everything; otherwise the server is held still while it is taken.
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { currentPoint } from '../../instance/current-point.ts'
import type { LockWait } from '../../instance/lock-wait.ts'
import { type StillMoment, whileStill } from '../../instance/still-moment.ts'
import { whileDefinitionsStand } from '../../instance/while-definitions-stand.ts'
import { Connection } from '../../wire/connection.ts'
import type { HeldSnapshot } from './held-snapshot.ts'
import type { AtStage } from './stages.ts'

/** What is known of the server at the moment of the snapshot. `free`: it is between the two, and its files tell where. */
export type Moment =
  | ({ readonly kind: 'still' } & StillMoment)
  | {
      readonly kind: 'free'
      readonly areDefinitionsHeld: boolean
      readonly before: RecoveryPoint
      readonly after: RecoveryPoint
    }

/** Who waits while a snapshot is taken: everybody, who changes definitions, or nobody. */
export type Hold = 'all' | 'definitions' | 'nothing'

export interface TakeOptions extends LockWait {
  readonly settings: ConnectionSettings
  readonly hold: Hold
  readonly at: AtStage
  readonly signal: AbortSignal
}

/** Throws LOCK_WAIT, PRIVILEGE_MISSING, and what taking it throws. However it ends, the server goes on. */
export async function takeSnapshot(snapshot: HeldSnapshot, options: TakeOptions): Promise<Moment> {
  const { settings, at, signal } = options
  await using connection = await Connection.open(settings, { signal })
  const take = async (): Promise<void> => {
    await at('presnapshot')
    await snapshot.take(signal)
    await at('preunlock')
  }
  await at('preflush')
  const moment = await (options.hold === 'all'
    ? takenStill(connection, options, take)
    : takenFree(connection, options, take))
  await at('predisconnect')
  return moment
}

async function takenStill(
  connection: Connection,
  wait: LockWait,
  take: () => Promise<void>,
): Promise<Moment> {
  return { kind: 'still', ...(await whileStill(connection, wait, take)) }
}

async function takenFree(
  connection: Connection,
  options: TakeOptions,
  take: () => Promise<void>,
): Promise<Moment> {
  const { hold, signal } = options
  const areDefinitionsHeld = hold === 'definitions'
  const before = await currentPoint(connection, { signal })
  await (areDefinitionsHeld ? whileDefinitionsStand(connection, options, take) : take())
  return { kind: 'free', areDefinitionsHeld, before, after: await currentPoint(connection, { signal }) }
}

// Stops the event scheduler while a server is being restored, so that no event writes into half of its data.
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'

/** Answers whether it was running. Throws PRIVILEGE_MISSING when it runs and the account may not stop it. */
export async function pauseEventScheduler(
  connection: Connection,
  options: StatementOptions = {},
): Promise<boolean> {
  const [row = {}] = await connection.query('SELECT @@GLOBAL.event_scheduler AS state', options)
  // ON, OFF, or DISABLED, which can only be changed by a restart.
  const isOn = textOf(row, 'state') === 'ON'
  if (isOn) await connection.run('SET GLOBAL event_scheduler = OFF', options)
  return isOn
}

export async function resumeEventScheduler(
  connection: Connection,
  options: StatementOptions = {},
): Promise<void> {
  await connection.run('SET GLOBAL event_scheduler = ON', options)
}

// Global variables that a server holds at other values while transactions are replayed on it.
import type { HeldGlobal } from '../instance/held-globals.ts'
import type { ReplayTarget } from './apply/replay-target.ts'

export function replayGlobals(target: ReplayTarget): readonly HeldGlobal[] {
  return [
    {
      name: 'event_scheduler',
      value: "'OFF'",
      neededFor: 'events of the restored schemas would write while the replay is under way',
    },
    // The longest that both servers take: one row of the log must fit into one statement, in base64.
    { name: 'max_allowed_packet', value: '1073741824' },
    // Functions and triggers of the log were taken by the source; a server with a binary log wants SUPER for them, or this.
    { name: 'log_bin_trust_function_creators', value: '1' },
    ...Object.entries(target.globals).map(([name, value]) => ({ name, value })),
  ]
}

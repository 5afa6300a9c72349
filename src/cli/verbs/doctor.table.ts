// The table of `holdfast doctor`.
import { connectionOptions, outputOptions, urlArgument } from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const doctorVerb: VerbSpec = {
  name: 'doctor',
  group: 'Start',
  summary: 'tell what stands in the way of backup and recovery on a server',
  json: 'document',
  examples: [
    { says: 'Look at a server', command: 'holdfast doctor mysql://backup@db1/' },
    {
      says: 'With the account of an option file',
      command: 'holdfast doctor --defaults-file /etc/holdfast/db1.cnf',
    },
    {
      says: 'In a script',
      command: 'holdfast doctor mysql://backup@db1/ --json | jq \'.checks[] | select(.status != "ok")\'',
    },
  ],
  notes: [
    'Only reads. Each check is ok, warn or fail, with what to do about it, down to the exact GRANT to run.',
  ],
  arguments: [urlArgument],
  options: [
    {
      name: 'semi-sync',
      kind: 'flag',
      group: 'Checks',
      help: 'its commits are to wait for holdfast stream --semi-sync: also fail where they do not',
    },
    ...connectionOptions,
    ...outputOptions,
  ],
  exits: [1, 3, 20, 21, 23],
  load: () => import('./doctor.ts'),
}

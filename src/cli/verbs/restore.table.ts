// The table of `holdfast restore`.
import {
  connectionOptions,
  identityOption,
  outputOptions,
  repositoryOption,
  sourceArgument,
  threadsOption,
} from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const restoreVerb: VerbSpec = {
  name: 'restore',
  group: 'Recover',
  summary: 'bring an instance back, to any moment of its recovery window',
  json: 'lines',
  examples: [
    {
      says: 'See the plan and how long it may take',
      command:
        'holdfast restore shop --repository /backup/holdfast --to latest --target mysql://root@db2/ --identity recovery.key --dry-run',
    },
    {
      says: 'To just before one bad transaction, found with holdfast binlog find',
      command:
        'holdfast restore shop --repository /backup/holdfast --to before-gtid:0-1-2049 --target mysql://root@db2/ --identity recovery.key',
    },
    {
      says: 'To a moment',
      command:
        "holdfast restore shop --repository /backup/holdfast --to '2026-11-23T14:05:09+01:00' --target mysql://root@db2/ --identity recovery.key",
    },
    {
      says: 'All but one transaction',
      command:
        'holdfast restore shop --repository /backup/holdfast --to latest --skip-gtid 0-1-2049 --target mysql://root@db2/ --identity recovery.key',
    },
    {
      says: 'As files that plain tools load, without Holdfast',
      command:
        'holdfast restore shop --repository /backup/holdfast --to-files /backup/shop-files --identity recovery.key',
    },
  ],
  notes: [
    'POINT is latest, backup (no replay), a time with its zone, gtid:SET, before-gtid:GTID or pos:FILE:OFFSET. Time means commit time.',
    'An empty target needs no confirmation. Where the target holds data of its own, the name of the instance is to be typed, ' +
      'or given with --confirm; schemas that exist already are never overwritten.',
    "Names of schemas with a comma are put in backticks, and a backtick in one is doubled: --schemas '`a,b`'.",
  ],
  arguments: [sourceArgument],
  options: [
    {
      name: 'to',
      kind: 'text',
      value: 'POINT',
      group: 'What',
      help: 'the moment to bring back (default: latest)',
    },
    {
      name: 'backup',
      kind: 'text',
      value: 'ID',
      group: 'What',
      help: 'start from this backup instead of the best one',
    },
    {
      name: 'skip-gtid',
      kind: 'list',
      value: 'GTID',
      group: 'What',
      help: 'leave these transactions out of the replay',
    },
    { name: 'schemas', kind: 'list', value: 'A,B', group: 'What', help: 'only these schemas' },
    {
      name: 'target',
      kind: 'text',
      value: 'URL',
      group: 'Target',
      help: 'the server to restore into, or the connection options below',
    },
    {
      name: 'to-files',
      kind: 'text',
      value: 'DIR',
      group: 'Target',
      help: 'no server: write the backup as files that mysql and mysqlimport load, into this new folder',
    },
    {
      name: 'dry-run',
      kind: 'flag',
      group: 'Target',
      help: 'print the plan with its estimated time, and change nothing',
    },
    {
      name: 'verify',
      kind: 'flag',
      group: 'Target',
      help: 'read every row back before the replay, and compare it with the backup',
    },
    {
      name: 'confirm',
      kind: 'text',
      value: 'NAME',
      group: 'Target',
      help: 'the name of the instance, instead of typing it',
    },
    threadsOption('Target', 'load'),
    repositoryOption,
    identityOption,
    ...connectionOptions,
    ...outputOptions,
  ],
  exits: [1, 3, 10, 12, 20, 21, 22, 23, 30],
  load: () => import('./restore.ts'),
}

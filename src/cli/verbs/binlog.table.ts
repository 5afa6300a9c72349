// The tables of the verbs under `holdfast binlog`.
import { identityOption, outputOptions, repositoryOption, sourceArgument } from '../shared-options.table.ts'
import type { OptionSpec, VerbSpec } from '../verb.ts'

const timelineOption = {
  name: 'timeline',
  kind: 'text',
  value: 'ID',
  group: 'What',
  help: 'of this timeline instead of the newest',
} as const

const filterOptions: readonly OptionSpec[] = [
  {
    name: 'table',
    kind: 'text',
    value: 'S.T',
    group: 'What',
    help: 'that touch this table, or this schema',
  },
  {
    name: 'kind',
    kind: 'text',
    value: 'KIND',
    choices: ['insert', 'update', 'delete', 'ddl'],
    group: 'What',
    help: 'that hold a change of this kind',
  },
  {
    name: 'since',
    kind: 'text',
    value: 'TIME',
    group: 'What',
    help: 'committed at or after this time, or this long ago: 5m, 2h, 3d',
  },
  { name: 'until', kind: 'text', value: 'TIME', group: 'What', help: 'committed at or before this time' },
  { name: 'gtid', kind: 'text', value: 'GTID', group: 'What', help: 'with this GTID' },
]

const limitOptions: readonly OptionSpec[] = [
  {
    name: 'limit',
    kind: 'integer',
    value: 'N',
    range: { from: 1 },
    group: 'What',
    help: 'stop after this many (default: 100)',
  },
  { ...timelineOption, help: 'of this timeline alone (default: all)' },
]

export const binlogListVerb: VerbSpec = {
  name: 'binlog list',
  group: 'See',
  summary: 'list the binary log files in the archive, with their times and GTIDs',
  json: 'document',
  examples: [
    {
      says: 'All of an instance',
      command: 'holdfast binlog list shop --repository /backup/holdfast --identity recovery.key',
    },
  ],
  arguments: [sourceArgument],
  options: [repositoryOption, identityOption, ...outputOptions],
  exits: [1, 10, 12, 30],
  load: () => import('./binlog-list.ts'),
}

export const binlogFindVerb: VerbSpec = {
  name: 'binlog find',
  group: 'See',
  summary: 'find transactions in the archive, with time, GTID, tables and row counts',
  json: 'document',
  examples: [
    {
      says: 'Who deleted from a table today',
      command:
        'holdfast binlog find shop --repository /backup/holdfast --identity recovery.key --table shop.orders --kind delete --since 2026-11-23T00:00:00Z',
    },
    {
      says: 'The largest changes: transactions of at least 10,000 rows',
      command:
        'holdfast binlog find shop --repository /backup/holdfast --identity recovery.key --min-rows 10000',
    },
  ],
  arguments: [sourceArgument],
  options: [
    ...filterOptions,
    {
      name: 'min-rows',
      kind: 'integer',
      value: 'N',
      group: 'What',
      help: 'that change at least this many rows',
    },
    ...limitOptions,
    repositoryOption,
    identityOption,
    ...outputOptions,
  ],
  exits: [1, 10, 12, 22, 30],
  load: () => import('./binlog-find.ts'),
}

export const binlogShowVerb: VerbSpec = {
  name: 'binlog show',
  group: 'See',
  summary: 'show what transactions in the archive did, row by row, before and after',
  json: 'lines',
  examples: [
    {
      says: 'All of one transaction',
      command:
        'holdfast binlog show shop --repository /backup/holdfast --identity recovery.key --gtid 0-1-2048',
    },
    {
      says: 'What was deleted from a table in the last hour, as JSON Lines',
      command:
        'holdfast binlog show shop --repository /backup/holdfast --identity recovery.key --table shop.orders --kind delete --since 1h --json',
    },
    {
      says: 'Five transactions from a place on',
      command:
        'holdfast binlog show shop --repository /backup/holdfast --identity recovery.key --from binlog.000007:4711 --limit 5',
    },
  ],
  notes: [
    'Names of columns are in the log where the source has binlog_row_metadata=FULL. Elsewhere they are taken from a logical backup, where the archive shows that the table was not altered between it and the change, and are @1, @2 and so on where there is none.',
    'Times of TIMESTAMP columns are in UTC. Values that JSON cannot carry are objects: {"base64": …} for bytes. Columns that the source did not log (binlog_row_image) are absent.',
  ],
  arguments: [sourceArgument],
  options: [
    ...filterOptions,
    {
      name: 'from',
      kind: 'text',
      value: 'PLACE',
      group: 'What',
      help: 'that start at or behind FILE:OFFSET',
    },
    { name: 'to', kind: 'text', value: 'PLACE', group: 'What', help: 'that start before FILE:OFFSET' },
    ...limitOptions,
    repositoryOption,
    identityOption,
    ...outputOptions,
  ],
  exits: [1, 10, 12, 22, 30],
  load: () => import('./binlog-show.ts'),
}

export const binlogExportVerb: VerbSpec = {
  name: 'binlog export',
  group: 'See',
  summary: 'write a whole binary log file, byte for byte as the source wrote it',
  json: 'document',
  examples: [
    {
      says: 'For mysqlbinlog or a replica',
      command:
        'holdfast binlog export shop --repository /backup/holdfast --identity recovery.key --file binlog.000007 --output /tmp/binlog.000007',
    },
  ],
  arguments: [sourceArgument],
  options: [
    {
      name: 'file',
      kind: 'text',
      value: 'NAME',
      group: 'What',
      isRequired: true,
      help: 'name of the binary log file',
    },
    {
      name: 'output',
      kind: 'text',
      value: 'PATH',
      group: 'What',
      isRequired: true,
      help: 'new file to write',
    },
    timelineOption,
    repositoryOption,
    identityOption,
    ...outputOptions,
  ],
  exits: [1, 10, 12, 22, 30],
  load: () => import('./binlog-export.ts'),
}

export const binlogCompactVerb: VerbSpec = {
  name: 'binlog compact',
  group: 'Protect',
  summary: 'put small segments of the archive together into larger objects',
  json: 'document',
  examples: [
    {
      says: 'Once a day, from a timer',
      command: 'holdfast binlog compact shop --repository /backup/holdfast',
    },
  ],
  notes: [
    'Needs no recovery key, and changes neither times nor proofs. Streams and readers may go on meanwhile. What was put together is removed ' +
      'under its own name a day later, when this is run again.',
  ],
  arguments: [sourceArgument],
  options: [repositoryOption, ...outputOptions],
  exits: [1, 10, 12, 30],
  load: () => import('./binlog-compact.ts'),
}

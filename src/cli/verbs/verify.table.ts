// The table of `holdfast verify`.
import {
  connectionOptions,
  identityOption,
  optionalSourceArgument,
  outputOptions,
  repositoryOption,
  threadsOption,
} from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const verifyVerb: VerbSpec = {
  name: 'verify',
  group: 'Recover',
  summary: 'check that everything a restore needs is there and undamaged',
  json: 'lines',
  examples: [
    {
      says: 'Manifests, maps, indexes and the presence of every pack',
      command: 'holdfast verify shop --repository /backup/holdfast --identity recovery.key',
    },
    {
      says: 'Every byte, decrypted and compared with its hash',
      command: 'holdfast verify shop --repository /backup/holdfast --identity recovery.key --read-data',
    },
    {
      says: 'That no commit is missing between a backup and the end of the archive, and how far that is',
      command: 'holdfast verify shop --repository /backup/holdfast --identity recovery.key --archive',
    },
    {
      says: 'Whether a server holds what the newest backup says, row by row',
      command:
        'holdfast verify shop --repository /backup/holdfast --identity recovery.key --target mysql://root@db2/',
    },
    {
      says: 'Whether the newest backup of files comes back: a server recovers it, and checks every table',
      command: 'holdfast verify shop --repository /backup/holdfast --identity recovery.key --recover',
    },
  ],
  notes: [
    'Exit status 30 means that something cannot be restored as it was; each damage is named. With --target it means that the server is not ' +
      'what the backup says; each difference is named, with the key of the row.',
    'With --target the server is only read, and nobody should write to it meanwhile. Accounts and their grants are not compared.',
    'With --archive status 30 means that the repository no longer holds what was put there, and 22 that the end of the archive cannot be ' +
      'reached from any backup, or that the source itself lost events on the way.',
    'What is gone together with all that speaks of it cannot be missed: the newest segments, or a whole backup. See with holdfast list ' +
      'whether the newest backup and the end of the recovery window are as new as they should be.',
  ],
  arguments: [optionalSourceArgument],
  options: [
    {
      name: 'read-data',
      kind: 'flag',
      group: 'What',
      help: 'read, decrypt and check all data, not only what describes it',
    },
    {
      name: 'archive',
      kind: 'flag',
      group: 'What',
      help: 'prove from the chain of the archived binary log and its GTIDs that nothing is missing; name every hole',
    },
    {
      name: 'recover',
      kind: 'flag',
      group: 'Recovery',
      help: 'have a server recover the newest backup of files in a directory of its own, and check every table',
    },
    {
      name: 'scratch',
      kind: 'text',
      value: 'DIR',
      group: 'Recovery',
      help: 'where that directory is made for the time of it (default: the system folder for temporary files)',
    },
    {
      name: 'server-program',
      kind: 'text',
      value: 'PATH',
      group: 'Recovery',
      help: 'the server to recover with (default: HOLDFAST_MYSQLD or HOLDFAST_MARIADBD, or mysqld or mariadbd of PATH)',
    },
    {
      name: 'server-options',
      kind: 'text',
      value: 'FILE',
      group: 'Recovery',
      help: 'option file for that server, where the files need keyrings or plugins',
    },
    {
      name: 'target',
      kind: 'text',
      value: 'URL',
      group: 'Target',
      help: 'compare this server with a backup, or the one that the connection options below name',
    },
    {
      name: 'backup',
      kind: 'text',
      value: 'ID',
      group: 'Target',
      help: 'compare with this backup instead of the newest',
    },
    { name: 'schemas', kind: 'list', value: 'A,B', group: 'Target', help: 'compare only these schemas' },
    threadsOption('Target', 'read'),
    repositoryOption,
    identityOption,
    ...connectionOptions,
    ...outputOptions,
  ],
  exits: [1, 3, 10, 12, 20, 21, 22, 23, 30],
  load: () => import('./verify.ts'),
}

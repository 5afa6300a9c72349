// The table of `holdfast backup`.
import {
  connectionOptions,
  nameOption,
  outputOptions,
  repositoryOption,
  threadsOption,
  urlArgument,
} from '../shared-options.table.ts'
import type { VerbSpec } from '../verb.ts'

export const backupVerb: VerbSpec = {
  name: 'backup',
  group: 'Protect',
  summary: 'take a consistent backup of a server into the repository',
  json: 'lines',
  examples: [
    { says: 'Everything', command: 'holdfast backup mysql://backup@db1/ --repository /backup/holdfast' },
    {
      says: 'Two schemas, under a name of your own',
      command:
        'holdfast backup mysql://backup@db1/ --repository /backup/holdfast --name shop --schemas shop,crm',
    },
    {
      says: 'Through the local socket, with the account of an option file',
      command:
        'holdfast backup --defaults-file /etc/holdfast/db1.cnf -S /run/mysqld/mysqld.sock --repository /backup/holdfast',
    },
    {
      says: 'As one SQL text, in place of mysqldump --all-databases --source-data=2 --single-transaction',
      command: 'holdfast backup mysql://backup@db1/ --format sql --output - | zstd > db1.sql.zst',
    },
  ],
  notes: [
    'All tables are read at one recorded point of the binary log. Commits wait for a moment at most while it is taken; DDL, and ' +
      'writes to tables without transactions, may wait until the backup is done. The first backup of a name ' +
      'ties that name to this server; another server under the same name is refused. No key is needed to write.',
    'Without a lock one moment is proven by the place of each session in the binary log (MariaDB), or by GTIDs that stand still while the ' +
      'sessions begin (MySQL, gtid_mode = ON).',
    "Names with a comma or a dot are put in backticks, and a backtick in one is doubled: --tables '`a.b`.`c,d`'.",
  ],
  arguments: [urlArgument],
  options: [
    { ...repositoryOption, isRequired: false },
    nameOption,
    {
      name: 'method',
      kind: 'text',
      value: 'METHOD',
      choices: ['dump'],
      group: 'What',
      help: 'how the data is read (default: dump)',
    },
    {
      name: 'format',
      kind: 'text',
      value: 'FORMAT',
      choices: ['repository', 'sql'],
      group: 'What',
      help: 'sql: one text for the plain clients, as mysqldump writes it, and no repository (default: repository)',
    },
    {
      name: 'output',
      kind: 'text',
      value: 'FILE',
      group: 'What',
      help: 'with --format sql: a new file, or - for stdout',
    },
    {
      name: 'spool',
      kind: 'text',
      value: 'DIR',
      group: 'What',
      env: 'HOLDFAST_SPOOL',
      help: 'with --format sql: where rows wait, compressed, until all are read (default: the system folder for temporary files)',
    },
    { name: 'schemas', kind: 'list', value: 'A,B', group: 'What', help: 'only these schemas' },
    { name: 'tables', kind: 'list', value: 'A.T,…', group: 'What', help: 'only these tables' },
    {
      name: 'no-locks',
      kind: 'flag',
      group: 'Locks',
      help: 'never take a lock: fails where one moment cannot be proven without (see Notes)',
    },
    {
      name: 'lock-all-tables',
      kind: 'flag',
      group: 'Locks',
      help: 'hold up all writes until everything is read, for tables without transactions',
    },
    {
      name: 'explain-locks',
      kind: 'flag',
      group: 'Locks',
      help: 'say which locks this backup would take, and take none',
    },
    threadsOption('What', 'read'),
    ...connectionOptions,
    ...outputOptions,
  ],
  exits: [1, 3, 10, 11, 20, 21, 23, 30],
  load: () => import('./backup.ts'),
}

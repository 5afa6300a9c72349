// The table of `holdfast restore`.
import {
  connectionOptions,
  identityOption,
  outputOptions,
  rateLimitOption,
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
      says: 'One table as it was, beside the one that is there',
      command:
        'holdfast restore shop --repository /backup/holdfast --to backup --tables shop.orders --rename shop.orders:shop.orders_before --target mysql://root@db1/ --identity recovery.key',
    },
    {
      says: 'One table as it was at a moment, out of a backup of files and the binary logs',
      command:
        "holdfast restore shop --repository /backup/holdfast --to '2026-11-23T14:05:09Z' --tables shop.orders --on-existing drop --target mysql://root@db1/ --identity recovery.key",
    },
    {
      says: 'From MySQL to MariaDB, or back: first see what would not be as it was',
      command:
        'holdfast restore shop --repository /backup/holdfast --to backup --translate --report shop.md --target mysql://root@maria1/ --identity recovery.key --dry-run',
    },
    {
      says: 'From a backup of files, as a data directory that a server can be started on',
      command:
        'holdfast restore shop --repository /backup/holdfast --datadir /var/lib/mysql-restored --identity recovery.key',
    },
    {
      says: 'Over a damaged data directory, where only what differs is written',
      command:
        'holdfast restore shop --repository /backup/holdfast --datadir /var/lib/mysql --in-place --confirm shop --identity recovery.key',
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
      'or given with --confirm. What exists already is never overwritten, unless --on-existing drop says so; then the names of what is ' +
      'dropped are to be typed, as --dry-run tells them.',
    'Parts are restored as they are in a backup (--to backup), beside whatever else the target holds. --rename follows names through foreign keys, ' +
      'defaults and views; code whose body names a renamed schema is left out and told. --on-existing append wants columns that take every ' +
      'value as it is and no trigger that would fire, and rolls back what meets a row of the same key.',
    '--translate restores a backup into the other flavour, or an older version. What the target cannot have as it was is told by name, and ' +
      'makes the exit status 3; a table that it cannot have at all stops the restore before any row is loaded.',
    'A restore that was killed goes on where it was when the same command is run again. Until it is done the target has a schema holdfast_restore_…, which ' +
      'keeps how far it has come.',
    '--datadir wants a new or an empty directory, or one that an interrupted restore has left, and a server program of the series that was backed up. That server listens on a socket in a private ' +
      'folder alone, runs no events and no replication, and is shut down cleanly in the end. As root, the files belong to who owns the directory.',
    'With --in-place all of the directory becomes what the backup says. Tables and logs of InnoDB that the backup does not have are removed; binary ' +
      'logs and files that are not known are moved to DIR.set-aside-TIME; option files, certificates, keyrings and logs for people stay.',
    'Parts of a backup of files are recovered by a server program in a folder of their own (--scratch), and read from there: at any moment that the ' +
      'binary logs reach. Rows of a logical backup are taken where they are of that moment already. Who is to confirm is asked after the recovery.',
    "Names with a comma, a colon or a dot are put in backticks, and a backtick in one is doubled: --tables '`a,b`.`c.d`'.",
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
    { name: 'schemas', kind: 'list', value: 'A,B', group: 'Parts', help: 'only these schemas' },
    {
      name: 'tables',
      kind: 'list',
      value: 'A.T,…',
      group: 'Parts',
      help: 'only these tables, views and sequences',
    },
    {
      name: 'exclude',
      kind: 'list',
      value: 'A,B.T',
      group: 'Parts',
      help: 'leave these schemas and tables out of everything, or of --schemas',
    },
    { name: 'structure-only', kind: 'flag', group: 'Parts', help: 'definitions without the rows' },
    {
      name: 'data-only',
      kind: 'flag',
      group: 'Parts',
      help: 'rows without definitions, into tables that are there and empty (or --on-existing append)',
    },
    {
      name: 'no-accounts',
      kind: 'flag',
      group: 'Parts',
      help: 'leave accounts, roles and all grants out',
    },
    {
      name: 'rename',
      kind: 'list',
      value: 'OLD:NEW',
      group: 'Parts',
      help: 'give a schema another name, or a table: A.T:B.U, with --tables',
    },
    {
      name: 'definer',
      kind: 'text',
      value: 'DEFINER',
      group: 'Parts',
      help: 'of views, triggers, routines and events: keep, strip (whoever restores), or USER@HOST (default: keep)',
    },
    {
      name: 'on-existing',
      kind: 'text',
      value: 'WHAT',
      choices: ['fail', 'drop', 'append'],
      group: 'Parts',
      help: 'what to do where the target has it already: append puts rows into tables that are there (default: fail)',
    },
    {
      name: 'set-gtid',
      kind: 'flag',
      group: 'Parts',
      help: 'add the GTIDs of the backup to those of the target, for a replica of these parts',
    },
    {
      name: 'skip-binlog',
      kind: 'flag',
      group: 'Parts',
      help: 'keep the load out of the binary log of the target, and so off its replicas',
    },
    {
      name: 'translate',
      kind: 'flag',
      group: 'Target',
      help: 'the target is of the other flavour, or an older version: carry what it can have, and report what is not as it was (with --to backup)',
    },
    {
      name: 'report',
      kind: 'text',
      value: 'FILE',
      group: 'Target',
      help: 'where --translate writes its report: Markdown, or JSON for a name that ends with .json',
    },
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
      name: 'datadir',
      kind: 'text',
      value: 'DIR',
      group: 'Backups of files',
      help: 'from a backup of files: write them here, have a server recover them, replay, and leave it stopped',
    },
    {
      name: 'server-program',
      kind: 'text',
      value: 'PATH',
      group: 'Backups of files',
      help: 'the server to recover with (default: HOLDFAST_MYSQLD or HOLDFAST_MARIADBD, or mysqld or mariadbd of PATH)',
    },
    {
      name: 'server-options',
      kind: 'text',
      value: 'FILE',
      group: 'Backups of files',
      help: 'option file for that server, where the files need keyrings or plugins',
    },
    {
      name: 'scratch',
      kind: 'text',
      value: 'DIR',
      group: 'Backups of files',
      help: 'where files are recovered that only parts are wanted of (default: the system folder for temporary files)',
    },
    {
      name: 'import-tablespaces',
      kind: 'flag',
      group: 'Backups of files',
      help: 'InnoDB tables as the files that they are, instead of as rows, into a server of the same series on this host (with --skip-binlog)',
    },
    {
      name: 'raw',
      kind: 'flag',
      group: 'Backups of files',
      help: 'the files as they were taken, and no server on them',
    },
    {
      name: 'in-place',
      kind: 'flag',
      group: 'Backups of files',
      help: 'over the directory of a stopped server, damaged as it may be: only pages that differ are written',
    },
    {
      name: 'owner',
      kind: 'text',
      value: 'USER[:GROUP]',
      group: 'Backups of files',
      help: 'who the directory and its files are to belong to, for root (default: whoever owns the directory)',
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
    rateLimitOption('Target', 'send rows of the backup at'),
    repositoryOption,
    identityOption,
    ...connectionOptions,
    ...outputOptions,
  ],
  exits: [1, 3, 10, 12, 20, 21, 22, 23, 30],
  load: () => import('./restore.ts'),
}

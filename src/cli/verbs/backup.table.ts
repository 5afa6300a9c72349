// The table of `holdfast backup`.
import {
  compressLevelOption,
  connectionOptions,
  nameOption,
  outputOptions,
  rateLimitOption,
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
      says: 'All but the logs, with customers nobody can be recognised in',
      command:
        'holdfast backup mysql://backup@db1/ --repository /backup/test-data --exclude shop.log,audit --mask shop.customers.name:hash --mask-key mask.key',
    },
    {
      says: 'Through the local socket, with the account of an option file',
      command:
        'holdfast backup --defaults-file /etc/holdfast/db1.cnf -S /run/mysqld/mysqld.sock --repository /backup/holdfast',
    },
    {
      says: 'The files of a MySQL server that runs, by its CLONE plugin',
      command: 'holdfast backup --method clone mysql://cloner@db1/ --repository /backup/holdfast',
    },
    {
      says: 'The files of a server that runs, on its host and with nothing but Holdfast',
      command:
        'holdfast backup --method hot -S /run/mysqld/mysqld.sock -u backup --repository /backup/holdfast',
    },
    {
      says: 'The files of a server, which is down for as long as they are read',
      command:
        "holdfast backup --method cold --datadir /var/lib/mysql --name shop --repository /backup/holdfast --stop-command 'systemctl stop mariadb' --start-command 'systemctl start mariadb'",
    },
    {
      says: 'The files of a running MariaDB, on its host',
      command:
        'holdfast backup --method mariadb-backup -S /run/mysqld/mysqld.sock -u backup --repository /backup/holdfast',
    },
    {
      says: 'What mariadb-backup or xtrabackup has streamed before',
      command:
        'holdfast backup --method mariadb-backup --from db1.xbstream --name shop --repository /backup/holdfast',
    },
    {
      says: 'The files of a running server by a snapshot of their volume, on its host',
      command:
        'holdfast backup --method snapshot -S /run/mysqld/mysqld.sock -u backup --repository /backup/holdfast',
    },
    {
      says: 'The same as an archive that a server starts on, in place of mylvmbackup --innodb_recover',
      command:
        'holdfast backup --method snapshot -S /run/mysqld/mysqld.sock -u backup --tar /backup --recover-first',
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
    'A backup with --exclude, --where, --structure-only, --data-only or --mask is one of a part: it is restored as it is, for binary logs ' +
      'tell of all rows as they were. Rows that others refer to may be missing from it.',
    'An EXPR of --where is evaluated in UTC, and NOW() in it is the moment of the backup in all of its statements. SYSDATE() is not.',
    'A METHOD of --mask is null, constant:VALUE, hash, email, random-int[:FROM-TO] or random-text[:LENGTH]. NULL stays NULL. hash and email ' +
      'make the same of the same value, for as long as --mask-key is the same. Columns that keys, foreign keys, checks or partitions need ' +
      'are refused where a method would break them. Only the rows of the named columns are masked: not other columns, comments, definitions ' +
      'or binary logs, nor how often a value is there.',
    '--method clone takes all InnoDB files of a MySQL server (8.0.17 or newer) over its ordinary port, with BACKUP_ADMIN alone, while it is ' +
      'written to and its tables come and go. The server needs its clone plugin, and nothing is installed unasked. A broken connection is ' +
      'taken up where it broke. Rows of other engines are not in it: a warning names their tables. Encrypted tablespaces need TLS, and the server ' +
      'that recovers them the keyring of this one; an encrypted redo log is refused. It is ' +
      'restored with restore --datadir; which of its moments it is, the restored server says of itself.',
    '--method hot reads the files of a running server (MySQL 8.0.30 or newer, MariaDB 10.8 or newer) on its host, as root or as its account, and with them the ' +
      'redo log that makes one moment of them; every page is checked, and read again while it is being written. DDL waits on MySQL until all is read, on ' +
      'MariaDB at the end; commits wait for milliseconds at most. The position is exact. It is restored with restore --datadir. --datadir here names the data ' +
      'directory where it has another name than the server says.',
    '--method auto takes rows where there are less than 8 GiB, or where a part is asked for; else what the vendor made for it, if that can be had (clone of MySQL where ' +
      'all tables are InnoDB, mariadb-backup of MariaDB), else hot, else rows. It takes neither snapshots nor servers that are shut down: these want to be asked for.',
    '--method cold takes a data directory whole, of a server that was shut down cleanly: every page is checked on the way. It is restored with ' +
      'restore --datadir, to its own moment or any later one that the binary logs reach. What is logged for people, and binary logs outside of ' +
      'the directory, are left out.',
    '--method mariadb-backup runs the program of that name (on PATH, or HOLDFAST_MARIADB_BACKUP), of the series of the server and on its host. What it ' +
      'streams is stored as it comes, with every page checked; no other disk is needed. It is restored with restore --datadir, where the ' +
      'same program finishes it. With --schemas or --tables it copies these alone, and the backup is one of a part. The account needs RELOAD, PROCESS, ' +
      'LOCK TABLES and BINLOG MONITOR.',
    '--method snapshot reads a snapshot of the volume of the data directory (btrfs, ZFS, LVM, XFS, or what a command of yours takes) on the host of the server, as root, and removes it. Nobody ' +
      'waits where all tables are InnoDB, the binary log lies in the directory, and sync_binlog and innodb_flush_log_at_trx_commit are 1; otherwise the ' +
      'server is held still for the milliseconds that it takes. It is restored with restore --datadir, whose server recovers it as after a crash.',
    'A backup of files stores what changed since the one before that this host took: the pages that did, or, where it can read what it has ' +
      'stored (--identity, or a repository that is not encrypted), the difference within them. Each is restored without the others.',
    "Names with a comma or a dot are put in backticks, and a backtick in one is doubled: --tables '`a.b`.`c,d`'.",
  ],
  arguments: [urlArgument],
  options: [
    { ...repositoryOption, isRequired: false },
    nameOption,
    {
      // Not from the environment: whoever keeps the key on the host of a database is to have said so.
      name: 'identity',
      kind: 'text',
      value: 'FILE',
      group: 'Repository',
      help: 'file with the recovery key, which no backup needs: with it one of files stores less of each page that changed',
    },
    compressLevelOption,
    {
      name: 'method',
      kind: 'text',
      value: 'METHOD',
      choices: ['dump', 'clone', 'hot', 'mariadb-backup', 'snapshot', 'cold', 'auto'],
      group: 'What',
      help: 'how the data is read: dump asks the server for rows, clone has MySQL send its files, hot reads the files of a server that runs on this host, mariadb-backup has that program copy its files while it runs, snapshot reads the files of a snapshot of its volume, cold copies the files of one that is shut down, auto chooses one of these and says why (default: dump)',
    },
    {
      name: 'datadir',
      kind: 'text',
      value: 'DIR',
      group: 'Files',
      help: 'with --method cold: the data directory of the server; with --method hot, snapshot or auto where it is not what the server says',
    },
    {
      name: 'server-options',
      kind: 'text',
      value: 'FILE',
      group: 'Files',
      help: 'the option file of the server: read for what its files do not tell, and kept in the backup; also with --from',
    },
    {
      name: 'from',
      kind: 'text',
      value: 'FILE',
      group: 'What',
      help: 'with --method mariadb-backup: a stream that it or xtrabackup has made (--stream=mbstream or xbstream); - for stdin',
    },
    {
      name: 'stop-command',
      kind: 'text',
      value: 'COMMAND',
      group: 'Cold',
      help: 'shell command that shuts the server down before its files are read',
    },
    {
      name: 'start-command',
      kind: 'text',
      value: 'COMMAND',
      group: 'Cold',
      help: 'shell command that starts it again, whatever became of the backup',
    },
    {
      name: 'snapshot-driver',
      kind: 'text',
      value: 'DRIVER',
      choices: ['auto', 'btrfs', 'xfs', 'zfs', 'lvm', 'command'],
      group: 'Snapshot',
      help: 'what takes the snapshot (default: auto, by the file system of the data directory)',
    },
    {
      name: 'snapshot-command',
      kind: 'text',
      value: 'COMMAND',
      group: 'Snapshot',
      help: 'shell command that takes snapshots of whatever else there is: it gets a step (prepare, take, open, check, close, remove), a name, and the data directory',
    },
    {
      name: 'snapshot-size',
      kind: 'bytes',
      value: 'BYTES',
      group: 'Snapshot',
      help: 'of a classic volume of LVM: room for what changes while it is read (default: a fifth of the volume, at least 1G, at most what is free)',
    },
    {
      name: 'freeze-limit',
      kind: 'integer',
      value: 'SECONDS',
      range: { from: 1, to: 600 },
      group: 'Snapshot',
      help: 'on XFS: how long the server may be stopped at most while its files are shared (default: 10)',
    },
    {
      name: 'tar',
      kind: 'text',
      value: 'FILE',
      group: 'Snapshot',
      help: 'write the files into a new archive (tar.gz) instead of a repository; in a folder it is named backup-YYYYMMDD_hhmmss_mysql.tar.gz',
    },
    {
      name: 'recover-first',
      kind: 'flag',
      group: 'Snapshot',
      help: 'with --tar: have a server recover the files in the snapshot before they are read',
    },
    {
      name: 'server-program',
      kind: 'text',
      value: 'PATH',
      group: 'Snapshot',
      help: 'with --recover-first: that server (default: HOLDFAST_MYSQLD or HOLDFAST_MARIADBD, or mysqld or mariadbd of PATH)',
    },
    {
      name: 'hooks',
      kind: 'text',
      value: 'DIR',
      group: 'Snapshot',
      help: 'folder with programs to run, each with the name of its stage: preconnect, preflush, presnapshot, preunlock, predisconnect, premount, prebackup, precleanup, backupsuccess, backupfailure',
    },
    {
      name: 'keep-snapshot',
      kind: 'flag',
      group: 'Snapshot',
      help: 'do not remove the snapshot when the backup is done',
    },
    {
      name: 'keep-mount',
      kind: 'flag',
      group: 'Snapshot',
      help: 'do not even unmount it',
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
      name: 'exclude',
      kind: 'list',
      value: 'A,B.T',
      group: 'What',
      help: 'leave these schemas and tables out of everything, or of --schemas',
    },
    {
      name: 'where',
      kind: 'texts',
      value: 'A.T:EXPR',
      group: 'What',
      help: 'of this table, only rows for which EXPR is true; may be given for several tables',
    },
    {
      name: 'structure-only',
      kind: 'flag',
      group: 'What',
      help: 'definitions and accounts without the rows',
    },
    {
      name: 'data-only',
      kind: 'flag',
      group: 'What',
      help: 'rows for tables that are there already: no code, no sequences, no accounts',
    },
    {
      name: 'mask',
      kind: 'texts',
      value: 'A.T.C:METHOD',
      group: 'Masks',
      help: 'put something else in place of the values of this column (see Notes); may be given for several columns',
    },
    {
      name: 'mask-key',
      kind: 'text',
      value: 'FILE',
      group: 'Masks',
      env: 'HOLDFAST_MASK_KEY_FILE',
      help: 'file of 16 bytes or more that hash and email make their values with: the same key makes the same values',
    },
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
    {
      name: 'lock-wait',
      kind: 'integer',
      value: 'SECONDS',
      range: { from: 1, to: 3600 },
      group: 'Locks',
      help: 'how long each of three attempts waits for a lock; writes queue behind it meanwhile (default: 2)',
    },
    threadsOption('What', 'read'),
    rateLimitOption('What', 'read rows at'),
    ...connectionOptions,
    ...outputOptions,
  ],
  exits: [1, 3, 10, 11, 20, 21, 23, 30],
  load: () => import('./backup.ts'),
}

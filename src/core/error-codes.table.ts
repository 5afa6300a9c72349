// Every way Holdfast can fail: the exit status a script sees and the hint a person reads. Closed: no other codes exist.

interface ErrorCodeEntry {
  /** Process exit status. Fixed by contract, see docs/reference/exit-codes.md. */
  readonly exit: number
  /** What to do next, one sentence. */
  readonly hint: string
}

export const errorCodes = {
  FAILED: { exit: 1, hint: 'Read the cause above; nothing that was committed before has changed.' },
  USAGE: { exit: 2, hint: 'See: holdfast <verb> --help' },
  CONFIG_INVALID: { exit: 2, hint: 'Correct the file or flag that is named above.' },
  CONFIRMATION_MISSING: {
    exit: 2,
    hint: 'Type the source name when asked, or give it in scripts with --confirm <name>.',
  },
  TARGET_NOT_EMPTY: {
    exit: 2,
    hint: 'Restore into an empty server, or choose schemas that are not there yet with --schemas; nothing was changed.',
  },
  TARGET_MISMATCH: {
    exit: 2,
    hint: 'Make the tables of the target fit, or choose others; nothing was changed.',
  },
  POINT_OUTSIDE_WINDOW: {
    exit: 22,
    hint: 'See which moments can be reached with: holdfast list <name>',
  },
  POINT_NOT_FOUND: { exit: 22, hint: 'Look for the transaction with: holdfast binlog find <name>' },

  REPOSITORY_MISSING: { exit: 10, hint: 'Create one with: holdfast init --repository DIR' },
  REPOSITORY_EXISTS: {
    exit: 2,
    hint: 'This repository is ready for use; choose another place to create a new one.',
  },
  REPOSITORY_FORMAT_TOO_NEW: {
    exit: 10,
    hint: 'Use a Holdfast at least as new as the one that wrote this repository.',
  },
  REPOSITORY_LOCKED: {
    exit: 11,
    hint: 'Wait for the other command to end; its lease runs out by itself if it died.',
  },
  IDENTITY_MISSING: {
    exit: 12,
    hint: 'Give the recovery key with --identity FILE or HOLDFAST_IDENTITY_FILE; it was printed by holdfast init.',
  },
  WRONG_KEY: {
    exit: 12,
    hint: 'Use the identity that belongs to one of the recipients in keys/ of the repository.',
  },
  STORE_UNUSABLE: {
    exit: 1,
    hint: 'The store does not keep what the repository relies on; use another file system or store.',
  },
  DISK_FULL: {
    exit: 1,
    hint: 'Free some space and run the command again; what was committed before is untouched.',
  },

  SOURCE_MISMATCH: {
    exit: 2,
    hint: 'Give this server a name of its own in the repository with --name NAME.',
  },
  SOURCE_UNREACHABLE: { exit: 20, hint: 'Check host, port and that the server is up.' },
  ACCESS_DENIED: {
    exit: 20,
    hint: 'Check user and password, and the host the account is allowed to come from.',
  },
  AUTH_PLUGIN_UNSUPPORTED: {
    exit: 20,
    hint: 'Use an account with mysql_native_password, caching_sha2_password, sha256_password or client_ed25519.',
  },
  TLS_FAILED: { exit: 20, hint: 'Check --ssl-mode and --ssl-ca; nothing was sent in clear.' },
  CONNECTION_LOST: { exit: 20, hint: 'Check that the server is still up, and run the command again.' },
  PRIVILEGE_MISSING: {
    exit: 21,
    hint: 'Grant what is named above; holdfast doctor URL prints the exact GRANT.',
  },

  BINLOG_OFF: { exit: 22, hint: 'Start the server with log_bin to be able to recover between backups.' },
  BINLOG_UNSUITABLE: {
    exit: 22,
    hint: 'Set binlog_format=ROW and binlog_row_image=FULL, then take a new backup.',
  },
  BINLOG_PURGED: {
    exit: 22,
    hint: 'Take a new backup to start a new recovery window: holdfast backup URL',
  },
  BINLOG_INCIDENT: {
    exit: 22,
    hint: 'The source lost data itself; take a new backup: holdfast backup URL',
  },
  ARCHIVE_GAP: {
    exit: 22,
    hint: 'Take a new backup to start a new recovery window: holdfast backup URL',
  },
  ARCHIVE_DIVERGED: {
    exit: 22,
    hint: 'This is another history than the one archived; take a new backup of it.',
  },

  TOOL_MISSING: { exit: 23, hint: 'Install the program that is named above or put it on PATH.' },
  VERSION_MISMATCH: {
    exit: 23,
    hint: 'Restore into the same flavour and the same or a newer version of the server.',
  },
  SERVER_UNSUPPORTED: {
    exit: 23,
    hint: 'Holdfast works with MySQL 8.0 and newer and MariaDB 10.6 and newer.',
  },

  SERVER_ERROR: { exit: 1, hint: 'The server refused a statement; its own message is above.' },
  SERVER_TIMEOUT: {
    exit: 1,
    hint: 'The server did not answer in time; see what it is busy with: SHOW PROCESSLIST',
  },
  LOCK_WAIT: {
    exit: 1,
    hint: 'A long statement holds the lock; see SHOW PROCESSLIST, then run the backup again.',
  },
  SNAPSHOT_UNPROVEN: {
    exit: 1,
    hint: 'Let the account take a lock (RELOAD, or LOCK TABLES), or back up when fewer transactions commit.',
  },
  PAGE_DAMAGED: {
    exit: 1,
    hint: 'The source itself is damaged there; see CHECK TABLE of its table, and restore that from an older backup.',
  },
  TABLE_CHANGED: { exit: 1, hint: 'A table was altered during the backup; run the backup again.' },
  HOST_TROUBLE: {
    exit: 1,
    hint: 'This says nothing against the files: put right on this host what is named above, and run the command again.',
  },
  SANDBOX_FAILED: {
    exit: 1,
    hint: 'The server itself refused these files; its own last messages are above.',
  },
  LOAD_MISMATCH: {
    exit: 30,
    hint: 'The target does not hold what the manifest says; do not use it, and tell us.',
  },
  REPLAY_FAILED: {
    exit: 1,
    hint: 'The target stands just before the transaction named above; see its message.',
  },
  DUMP_INCOMPLETE: {
    exit: 1,
    hint: 'Take the dump again and see that it ends without an error; nothing of this one was kept.',
  },
  UNSUPPORTED: { exit: 1, hint: 'This is refused rather than done in part; see docs for what is supported.' },

  VERIFY_FAILED: { exit: 30, hint: 'Take a new backup now, and keep this repository for examination.' },
  INTERRUPTED: { exit: 130, hint: 'Run the same command again; it goes on from what is durable.' },
  TERMINATED: { exit: 143, hint: 'Run the same command again; it goes on from what is durable.' },
  BUG: { exit: 70, hint: 'This is a mistake in Holdfast; please report it with the text above.' },
} as const satisfies Record<string, ErrorCodeEntry>

export type ErrorCode = keyof typeof errorCodes

// What an account needs on MariaDB.
import {
  definersReason,
  helpful,
  type PrivilegeNeed,
  type Purpose,
  required,
  schemaPrivileges,
} from '../privilege-need.ts'

export function privilegeNeeds(purpose: Purpose, release: number): readonly PrivilegeNeed[] {
  return needs[purpose](release)
}

const needs: Readonly<Record<Purpose, (release: number) => readonly PrivilegeNeed[]>> = {
  backup: (release) => [
    required('SELECT', 'reads tables, accounts and routines'),
    required('SHOW VIEW', 'reads views'),
    required('TRIGGER', 'reads triggers; without it they are not even seen'),
    required('EVENT', 'reads events; without it they are not even seen'),
    required('LOCK TABLES', 'holds tables still where that is needed'),
    helpful('RELOAD', 'blocks DDL during the backup; without it DDL makes the backup fail'),
    helpful(
      'BINLOG MONITOR',
      'reads the position in the binary log, and tells whether a snapshot needs no lock',
    ),
    helpful('PROCESS', 'names the statements that hold a lock'),
    ...(release >= 110_300
      ? [helpful('SHOW CREATE ROUTINE', 'reads routines where SELECT is not given on mysql.proc')]
      : []),
  ],
  snapshot: () => [
    required('RELOAD', 'holds the server still for a moment'),
    required('BINLOG MONITOR', 'notes the position in the binary log'),
    helpful('PROCESS', 'names the statements that hold a lock'),
  ],
  // There is none: the server says so.
  clone: () => [],
  hot: () => [
    required('RELOAD', 'holds definitions, then commits, for a moment'),
    required('BINLOG MONITOR', 'notes the position in the binary log'),
    helpful('PROCESS', 'names the statements that hold a lock'),
  ],
  stream: () => [
    required('REPLICATION SLAVE', 'receives the binary log'),
    required('BINLOG MONITOR', 'lists binary logs and reads the position'),
    helpful('SLAVE MONITOR', 'tells whether this is a replica, and its log without what it applies'),
  ],
  restore: (release) => [
    ...schemaPrivileges.map((privilege) => required(privilege, 'creates, fills and grants what is restored')),
    ...(release >= 110_300 ? [required('SHOW CREATE ROUTINE', 'is part of ALL PRIVILEGES on a schema')] : []),
    required('DELETE HISTORY', 'restores the history of system-versioned tables'),
    required('CREATE USER', 'creates accounts and roles'),
    required('GRANT OPTION', 'gives accounts their privileges'),
    // Until 11.0 SUPER stood for several of those below; they are asked for by name, for that works on all.
    required('SUPER', 'pauses the event scheduler'),
    required('RELOAD', 'resets the binary logs of a fresh server'),
    required('SET USER', definersReason),
    required('BINLOG ADMIN', 'keeps the load out of the binary log'),
    required('BINLOG MONITOR', 'reads the position in the binary log'),
    required('BINLOG REPLAY', 'replays binary logs'),
    required('REPLICATION MASTER ADMIN', 'sets gtid_binlog_state'),
    required('REPLICATION SLAVE ADMIN', 'sets gtid_slave_pos'),
  ],
}

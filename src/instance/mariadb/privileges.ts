// What an account needs on MariaDB.
import { helpful, type PrivilegeNeed, type Purpose, required } from '../privilege-need.ts'

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
  stream: () => [
    required('REPLICATION SLAVE', 'receives the binary log'),
    required('BINLOG MONITOR', 'lists binary logs and reads the position'),
    helpful('SLAVE MONITOR', 'tells whether this is a replica, and its log without what it applies'),
  ],
  restore: () => [
    ...[
      'SELECT',
      'INSERT',
      'DELETE',
      'CREATE',
      'ALTER',
      'DROP',
      'INDEX',
      'REFERENCES',
      'CREATE VIEW',
      'SHOW VIEW',
    ]
      .concat(['CREATE ROUTINE', 'ALTER ROUTINE', 'TRIGGER', 'EVENT', 'LOCK TABLES'])
      .map((privilege) => required(privilege, 'creates and fills what is restored')),
    required('DELETE HISTORY', 'restores the history of system-versioned tables'),
    required('CREATE USER', 'creates accounts and roles'),
    required('GRANT OPTION', 'gives accounts their privileges'),
    // From 10.11 on several powers of SUPER are separate; all of them are needed here.
    required('SUPER', 'pauses the event scheduler'),
    required('SET USER', 'creates views and routines of other definers'),
    required('BINLOG REPLAY', 'replays binary logs'),
    required('REPLICATION SLAVE ADMIN', 'sets gtid_slave_pos'),
    helpful('RELOAD', 'resets the binary logs of a fresh server'),
  ],
}

// What an account needs on MySQL.
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
    required('REPLICATION CLIENT', 'reads the position in the binary log'),
    required('LOCK TABLES', 'holds tables still where that is needed'),
    helpful('RELOAD', 'one lock for all tables; without it every table is locked for a moment'),
    helpful('BACKUP_ADMIN', 'blocks DDL during the backup; without it DDL makes the backup fail'),
    helpful('PROCESS', 'names the statements that hold a lock, and reads tablespaces'),
    ...(release >= 80_020
      ? [helpful('SHOW_ROUTINE', 'reads routines where SELECT is not given on all')]
      : []),
  ],
  clone: () => [
    required('BACKUP_ADMIN', 'clones the server'),
    helpful('REPLICATION CLIENT', 'notes the position in the binary log; without it the GTIDs alone'),
    helpful('SHOW VIEW', 'sees the names of tables that are not InnoDB, whose rows a clone lacks'),
  ],
  snapshot: () => [
    required('RELOAD', 'holds the server still for a moment'),
    required('REPLICATION CLIENT', 'notes the position in the binary log'),
    helpful('PROCESS', 'names the statements that hold a lock'),
  ],
  hot: () => [
    required('BACKUP_ADMIN', 'keeps DDL away and the redo log together while files are read'),
    required('RELOAD', 'flushes logs'),
    required('PROCESS', 'names the files of all tablespaces'),
    helpful('SELECT', 'sees tables of other engines than InnoDB; without any it is not needed'),
    helpful(
      'LOCK TABLES',
      'holds tables of other engines than InnoDB for a moment; without any it is not needed',
    ),
  ],
  stream: () => [
    required('REPLICATION SLAVE', 'receives the binary log'),
    required('REPLICATION CLIENT', 'lists binary logs and reads the position'),
  ],
  restore: (release) => [
    ...schemaPrivileges.map((privilege) => required(privilege, 'creates, fills and grants what is restored')),
    required('CREATE USER', 'creates accounts and roles'),
    required('GRANT OPTION', 'gives accounts their privileges'),
    required('ROLE_ADMIN', 'gives accounts their roles'),
    required('RELOAD', 'resets the binary logs of a fresh server'),
    required('SYSTEM_VARIABLES_ADMIN', 'pauses the event scheduler and sets gtid_purged'),
    required('SESSION_VARIABLES_ADMIN', 'turns off rules that restored tables may break'),
    ...(release >= 80_200
      ? [required('SET_ANY_DEFINER', definersReason), required('ALLOW_NONEXISTENT_DEFINER', definersReason)]
      : [required('SET_USER_ID', definersReason)]),
    // Who has it (root, say) can only be named as a definer, altered or granted something by one who has it too.
    ...(release >= 80_016 ? [required('SYSTEM_USER', definersReason)] : []),
    ...(release >= 80_018 ? [required('REPLICATION_APPLIER', 'replays binary logs')] : []),
  ],
}

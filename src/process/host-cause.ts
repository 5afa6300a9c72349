// Why a program ended that the host did not let run to its end: nothing of that is the fault of the files that it worked on.
import type { ErrorCode } from '../core/error-codes.table.ts'
import type { ProgramEnd } from './start-program.ts'

export interface HostCause {
  readonly code: Extract<ErrorCode, 'DISK_FULL' | 'HOST_TROUBLE'>
  readonly says: string
  /** Where more is known than the code's own. */
  readonly hint?: string
}

/** In the words of both servers, and of mariadb-backup and xtrabackup. The first that is found counts. */
const messages: readonly (readonly [message: RegExp, says: string, code?: HostCause['code']])[] = [
  [
    /No space left|Disk quota exceeded|Disk is full|\berror(?: number)? 28\b/i,
    'no space is left',
    'DISK_FULL',
  ],
  [/Cannot allocate memory|\bOut of memory\b|\berror number 12\b/i, 'it got no memory'],
  [/Too many open files|\berror number 24\b/i, 'it may open no more files'],
  [/Read-only file system|\berror number 30\b/i, 'its file system is read-only'],
  [/Input\/output error|\berror number 5\b/i, 'its disk cannot be read or written'],
  [/Permission denied|\berror number 13\b/i, 'it may not use its files'],
]

/** A program says these at its start, and may go on. */
const atStart: typeof messages = [
  [/Bind on (?:unix socket|TCP)|Address already in use|create (?:IP|UNIX) socket/i, 'it got no socket'],
  [/Unable to lock \S+|Can't lock aria control file/i, 'another process holds its files'],
  [/error while loading shared libraries|Can't open shared library/i, 'it lacks a library'],
  [/unknown (?:variable|option)|open required defaults file/i, 'it does not know its options'],
]

/** Without the keys nothing can be read; but bytes that are no page at all also look like an encrypted one. */
const keysMessage = /find master key|keyring is loaded|encryption (?:plugin|service|key)/i
const keysHint =
  'Give it the keyring of the source: a component of MySQL by its manifest (mysqld.my) and its configuration, beside the program or, where that one says so, in the data directory; a plugin by an option file, with --server-options FILE. Then run the same command again.'
const damageMessage = /corrupt/i

/** The shell's own: not executable, and not found. */
const notRunStatuses: readonly number[] = [126, 127]

/**
 * Signals that come from outside: SIGHUP, SIGINT, SIGKILL (also by a kernel that is out of memory), SIGTERM, SIGXCPU, SIGXFSZ. A server that finds its
 * files damaged ends itself by SIGABRT, and SIGSEGV or SIGBUS may be their doing.
 */
const foreignSignals: readonly number[] = [1, 2, 9, 15, 24, 25]

/** SIGABRT, SIGBUS, SIGSEGV. */
const aborts: readonly number[] = [134, 135, 139]

/** `said`: its errors alone, where it marks them. Undefined where the host is not known to be the reason. */
export function hostCause({ status, said }: ProgramEnd): HostCause | undefined {
  const known = aborts.includes(status) ? messages : [...messages, ...atStart]
  const [, says, code = 'HOST_TROUBLE'] = known.find(([message]) => message.test(said)) ?? []
  const isDamaged = damageMessage.test(said)
  if (says !== undefined && (!isDamaged || code === 'DISK_FULL')) return { code, says }
  if (keysMessage.test(said) && !isDamaged)
    return { ...trouble('it has no keys to what is encrypted'), hint: keysHint }
  if (notRunStatuses.includes(status)) return trouble('it cannot be run here')
  const signal = status - 128
  return foreignSignals.includes(signal) ? trouble(`it was killed by signal ${signal}`) : undefined
}

function trouble(says: string): HostCause {
  return { code: 'HOST_TROUBLE', says }
}

// mariadb-backup and xtrabackup as programs: where they are, which release, and how the first is told of the server.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { HoldfastError } from '../../core/errors.ts'
import { isExecutable, onPath } from '../../process/on-path.ts'
import { lastLines, runProgram } from '../../process/run-program.ts'
import type { PhysicalContent } from '../content.ts'

export interface BackupProgram {
  readonly name: BackupProgramName
  readonly path: string
  /** Of the server that it was built with: `10.11.18-MariaDB`. */
  readonly version: string
}

export type BackupProgramName = NonNullable<PhysicalContent['prepare']>['program']

const programs = {
  'mariadb-backup': { names: ['mariadb-backup', 'mariabackup'], variable: 'HOLDFAST_MARIADB_BACKUP' },
  xtrabackup: { names: ['xtrabackup'], variable: 'HOLDFAST_XTRABACKUP' },
} as const

/** Throws TOOL_MISSING where there is none. */
export async function findBackupProgram(
  name: BackupProgramName,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<BackupProgram> {
  const { names, variable } = programs[name]
  const program = env[variable] ?? (await firstExecutable(onPath(names, env)))
  if (program === undefined) {
    throw new HoldfastError(
      'TOOL_MISSING',
      `no ${name} is on this machine's PATH`,
      {},
      {
        hint: `Install the package ${name} of the server's series, or name the program with ${variable}.`,
      },
    )
  }
  // "mariadb-backup based on MariaDB server 10.11.18-MariaDB debian-linux-gnu (x86_64)", on stderr; newer ones say it on stdout.
  // "xtrabackup version 8.4.0-3 based on MySQL server 8.4.0 Linux (x86_64)".
  const text = (await runProgram('/bin/sh', ['-c', 'exec "$0" --version 2>&1', program], { signal })).replace(
    program,
    '',
  )
  const version = /server (\d+\.\d+\.\d+\S*)/.exec(text)?.[1]
  if (version === undefined) {
    throw new HoldfastError(
      'TOOL_MISSING',
      `${program} does not say which release it is: ${lastLines(text, 1)}`,
    )
  }
  return { name, path: program, version }
}

async function firstExecutable(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (await isExecutable(file)) return file
  return undefined
}

/** Throws VERSION_MISMATCH: the redo log is read by the program itself, and its format belongs to a series. */
export function requireSeriesOf(
  serverVersion: string,
  { name, path: program, version }: BackupProgram,
): void {
  if (seriesOf(version) === seriesOf(serverVersion)) return
  throw new HoldfastError(
    'VERSION_MISMATCH',
    `the server is ${serverVersion}, and ${program} is of ${version}`,
    { server: serverVersion, program: version },
    { hint: `Install ${name} ${seriesOf(serverVersion)}, or name it with ${programs[name].variable}.` },
  )
}

function seriesOf(version: string): string | undefined {
  return /^\d+\.\d+/.exec(version)?.[0]
}

export interface OptionFolder extends AsyncDisposable {
  readonly path: string
  readonly optionFile: string
  /** Another file in it, for us alone as well; answers its path. */
  write(name: string, text: string): Promise<string>
}

/** A folder that is ours alone, with an option file in it: a password may stand there, and in no argument. */
export async function optionFolder(settings: ConnectionSettings): Promise<OptionFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const write = async (name: string, text: string): Promise<string> => {
    const file = path.join(folder, name)
    await writeFile(file, text, { mode: 0o600 })
    return file
  }
  try {
    const optionFile = await write('my.cnf', optionText(settings))
    return { path: folder, optionFile, write, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

function optionText({ host, port, socketPath, user, password, tls }: ConnectionSettings): string {
  const { mode, caFile, certFile, keyFile } = tls
  const lines: (readonly [string, string | undefined])[] = [
    ['user', user],
    ['password', password?.reveal()],
    ...(socketPath === undefined
      ? ([
          ['host', host],
          ['port', String(port)],
          ['protocol', 'tcp'],
        ] as const)
      : ([['socket', socketPath]] as const)),
    ['ssl', mode === 'DISABLED' ? '0' : mode === 'PREFERRED' ? undefined : '1'],
    ['ssl-ca', caFile],
    ['ssl-cert', certFile],
    ['ssl-key', keyFile],
    ['ssl-verify-server-cert', mode === 'VERIFY_CA' || mode === 'VERIFY_IDENTITY' ? '1' : '0'],
  ]
  const given = lines.filter((line): line is readonly [string, string] => line[1] !== undefined)
  return `[mariadb-backup]\n${given.map(([name, value]) => `${name}=${quoted(value)}\n`).join('')}`
}

/** As my_getopt reads a value in double quotes. */
function quoted(value: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '\\': '\\\\',
    '"': '\\"',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
  }
  return `"${value.replaceAll(/[\\"\n\r\t]/g, (found) => escapes[found] ?? found)}"`
}

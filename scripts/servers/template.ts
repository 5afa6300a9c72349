// Prepared data directories: made once for each server, so that a fresh server costs a copy and a start.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { exists, type Installation } from './installation.ts'
import { whileLocked } from './process-lock.ts'
import { runProgram } from './run-program.ts'

/** Part of the template's name: raise it when what a template holds changes. */
const templateVersion = 4

/** Names of a certificate in a data directory, for servers that would make one at every start. */
export const templateCertificate = 'template-cert.pem'
export const templateKey = 'template-key.pem'

/** Enough zones to test daylight saving on both sides of the Atlantic and half-hour offsets; all take seconds. */
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']

/** What a data directory has to be made with, for it can only be said then. */
export interface TemplateOptions {
  /** lower_case_table_names = 1: of MySQL alone. Off by default. */
  readonly hasSmallNames?: boolean | undefined
  /** innodb_page_size; 16 KiB by default. */
  readonly pageBytes?: number | undefined
}

/** As options of the server. */
export function templateArguments({ hasSmallNames = false, pageBytes }: TemplateOptions): readonly string[] {
  return [
    ...(hasSmallNames ? ['--lower-case-table-names=1'] : []),
    ...(pageBytes === undefined ? [] : [`--innodb-page-size=${pageBytes}`]),
  ]
}

/** A data directory that a server of this installation starts on; never start one on it, copy it. */
export async function ensureTemplate(
  installation: Installation,
  options: TemplateOptions = {},
): Promise<string> {
  const args = templateArguments(options)
  const key = createHash('sha256')
    .update([templateVersion, installation.version, ...args].join(' '))
    .digest('hex')
    .slice(0, 8)
  const folder = path.join(installation.templateFolder, key)
  if (await exists(folder)) return folder
  await whileLocked(`${installation.templateFolder}.lock`, async () => {
    if (!(await exists(folder))) await makeTemplate(installation, folder, args)
  })
  return folder
}

async function makeTemplate(
  installation: Installation,
  folder: string,
  options: readonly string[],
): Promise<void> {
  await mkdir(installation.templateFolder, { recursive: true })
  const work = await mkdtemp(path.join(installation.templateFolder, 'partial-'))
  try {
    const data = path.join(work, 'data')
    await (installation.flavour === 'mysql'
      ? initialiseMysql(installation, data, work, options)
      : bootstrapMariadb(installation, data, options))
    const sparse = path.join(work, 'sparse')
    await copyData(data, sparse)
    await rename(sparse, folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Log and undo files are mostly zeros, and holes cost nothing to copy: where the original has them they are not even read. */
export async function copyData(from: string, to: string): Promise<void> {
  await runProgram('cp', ['-r', '--reflink=auto', '--sparse=always', from, to])
}

/** What every run of a server program needs here, first of all its arguments. */
export function commonArguments(dataDir: string): string[] {
  const isRoot = process.getuid?.() === 0
  return ['--no-defaults', `--datadir=${dataDir}`, ...(isRoot ? ['--user=root'] : [])]
}

async function initialiseMysql(
  installation: Installation,
  data: string,
  work: string,
  options: readonly string[],
): Promise<void> {
  const statements = [
    // Tests log in over TCP with name resolution off, where root@localhost does not match.
    "CREATE USER root@'127.0.0.1'",
    "GRANT ALL PRIVILEGES ON *.* TO root@'127.0.0.1' WITH GRANT OPTION",
    "GRANT PROXY ON ''@'' TO root@'127.0.0.1' WITH GRANT OPTION",
    'USE mysql',
    ...(await zoneStatements(installation, 'mysql_tzinfo_to_sql')),
  ]
  const file = path.join(work, 'init.sql')
  // An init file takes one statement a line.
  await writeFile(file, statements.map((statement) => `${statement};\n`).join(''))
  await runProgram(installation.serverProgram, [
    ...commonArguments(data),
    '--initialize-insecure',
    `--init-file=${file}`,
    '--skip-log-bin',
    '--innodb-redo-log-capacity=64M',
    '--innodb-flush-log-at-trx-commit=0',
    ...options,
  ])
  // The UUID is the identity of a server; each copy makes its own at its first start.
  await rm(path.join(data, 'auto.cnf'))
}

async function bootstrapMariadb(
  installation: Installation,
  data: string,
  options: readonly string[],
): Promise<void> {
  await mkdir(path.join(data, 'mysql'), { recursive: true })
  const prefix = ['mariadb_', 'mysql_']
  const files = ['system_tables', 'performance_tables', 'system_tables_data', 'sys_schema']
  const scripts = await Promise.all([
    ...files.map((name) =>
      readShare(
        installation,
        prefix.map((first) => `${first}${name}.sql`),
      ),
    ),
    readShare(installation, ['maria_add_gis_sp_bootstrap.sql']),
  ])
  const input = [
    'CREATE DATABASE IF NOT EXISTS sys;',
    'USE mysql;',
    // As mariadb-install-db --auth-root-authentication-method=normal does: root without a password from this host.
    'SET @auth_root_socket=NULL;',
    'SET @skip_auth_anonymous=1;',
    ...scripts,
    'USE mysql;',
    // The same accounts on every machine: root at the name of the machine that made the template is not wanted.
    "DELETE FROM global_priv WHERE Host NOT IN ('localhost', '127.0.0.1');",
    "DELETE FROM proxies_priv WHERE Host NOT IN ('localhost', '127.0.0.1');",
    ...(await zoneStatements(installation, 'mariadb-tzinfo-to-sql')).map((statement) => `${statement};`),
    '',
  ].join('\n')
  await runProgram(
    installation.serverProgram,
    [
      ...commonArguments(data),
      '--bootstrap',
      '--skip-log-bin',
      '--skip-networking',
      '--innodb-log-file-size=64M',
      '--innodb-flush-log-at-trx-commit=0',
      ...options,
    ],
    { input },
  )
  await makeCertificate(installation, data)
}

/**
 * MariaDB 11.4 and newer make themselves a certificate at every start that lacks one; its RSA key is more than half of
 * the time of a start. A certificate in the template keeps TLS on without that.
 */
async function makeCertificate(installation: Installation, data: string): Promise<void> {
  if (Number.parseInt(installation.version, 10) < 11) return
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=localhost -keyout'
  try {
    await runProgram('openssl', [
      ...request.split(' '),
      path.join(data, templateKey),
      '-out',
      path.join(data, templateCertificate),
    ])
  } catch (error) {
    // Without the program each start makes its own certificate, as the server would anywhere else.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

async function readShare(installation: Installation, names: readonly string[]): Promise<string> {
  for (const folder of installation.shareFolders) {
    for (const name of names) {
      if (await exists(path.join(folder, name))) return readFile(path.join(folder, name), 'utf8')
    }
  }
  throw new Error(`${names.join(' or ')} is in none of ${installation.shareFolders.join(', ')}`)
}

async function zoneStatements(installation: Installation, tool: string): Promise<string[]> {
  const program = path.join(installation.programFolder, tool)
  if (!(await exists(program)) || !(await exists(path.join(installation.zoneFolder, 'UTC')))) return []
  const statements: string[] = []
  for (const zone of zones) {
    const sql = await runProgram(program, [path.join(installation.zoneFolder, zone), zone])
    for (const statement of sql.split(/;\s*\n/)) {
      const line = statement.replaceAll('\n', ' ').trim()
      if (/^(INSERT|SET @time_zone_id)/i.test(line)) statements.push(line)
    }
  }
  return statements
}

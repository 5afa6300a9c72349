// Which way of taking a backup suits a server, as far as that can be told without beginning one; and why not the others.
import type { BackupMethod } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { counted } from '../core/counted.ts'
import { HoldfastError } from '../core/errors.ts'
import { type InstanceFacts, inspectInstance } from '../instance/instance-facts.ts'
import { missingPrivileges, type Purpose } from '../instance/privileges.ts'
import { readServerVariables, type ServerVariables } from '../instance/server-variables.ts'
import { tablesOutside } from '../physical/clone/tables-outside.ts'
import { requireHot } from '../physical/hot/back-up-running-server.ts'
import { serverFolders } from '../physical/hot/server-folders.ts'
import { findBackupProgram, requireSeriesOf } from '../physical/mariadb-backup/backup-program.ts'
import { processOn } from '../physical/server-here.ts'
import { Connection } from '../wire/connection.ts'
import { bigintOf } from '../wire/row-values.ts'

export interface MethodChoice {
  readonly method: BackupMethod
  /** A clause without a full stop. */
  readonly because: string
  readonly passedOver: readonly { readonly method: BackupMethod; readonly because: string }[]
}

export interface MethodQuestion {
  readonly settings: ConnectionSettings
  /** Where the data directory is seen from here, if not where the server says. */
  readonly directory?: string | undefined
  readonly env: NodeJS.ProcessEnv
  /** Below this rows are taken. */
  readonly smallBytes?: number
}

/** 8 GiB: as rows they are back within some minutes on two cores (1 GiB in 20 s, measured), and rows go into any release and in any parts. */
const smallBytes = 8 * 1024 ** 3

interface Candidate extends Omit<MethodQuestion, 'smallBytes' | 'settings'> {
  readonly connection: Connection
  readonly facts: InstanceFacts
  readonly variables: ServerVariables
  readonly signal: AbortSignal
}

/** Answers why a server cannot be backed up so; undefined where it can. */
type Obstacle = (candidate: Candidate) => Promise<string | undefined>

interface FileMethod {
  readonly method: BackupMethod
  readonly because: string
  readonly obstacle: Obstacle
}

/** The best first: what the vendor made for it comes before what reads the files by itself. */
const methodsOfFiles: Readonly<Record<InstanceFacts['flavour'], readonly FileMethod[]>> = {
  mysql: [
    {
      method: 'clone',
      because: 'the server sends its files, and nobody waits for a lock',
      obstacle: obstacleToClone,
    },
    { method: 'hot', because: 'the files can be read here while the server runs', obstacle: obstacleToHot },
  ],
  mariadb: [
    {
      method: 'mariadb-backup',
      because: 'the program of the series of the server is here, and so are its files',
      obstacle: obstacleToProgram,
    },
    { method: 'hot', because: 'the files can be read here while the server runs', obstacle: obstacleToHot },
  ],
}

/** Takes no lock and changes nothing. Throws what connecting and asking throw. */
export async function chooseMethod(question: MethodQuestion, signal: AbortSignal): Promise<MethodChoice> {
  await using connection = await Connection.open(question.settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  const bytes = await dataBytes(connection, signal)
  if (bytes < (question.smallBytes ?? smallBytes)) {
    const mebibytes = counted(Math.ceil(bytes / 1024 ** 2), 'MiB').replace(/s$/, '')
    return {
      method: 'dump',
      because: `${mebibytes} of tables are back as rows within minutes, in any parts and on any release`,
      passedOver: [],
    }
  }
  const variables = await readServerVariables(connection, { signal })
  const candidate = { ...question, connection, facts, variables, signal }
  const passedOver: { method: BackupMethod; because: string }[] = []
  for (const { method, because, obstacle } of methodsOfFiles[facts.flavour]) {
    const found = await obstacle(candidate)
    if (found === undefined) return { method, because, passedOver }
    passedOver.push({ method, because: found })
  }
  return { method: 'dump', because: 'its files cannot be had', passedOver }
}

/** Of tables that the account sees, with their indexes, as the server estimates them. */
async function dataBytes(connection: Connection, signal: AbortSignal): Promise<number> {
  const [row = {}] = await connection.query(
    `SELECT CAST(COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS UNSIGNED) AS bytes FROM information_schema.TABLES
     WHERE TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')`,
    { signal },
  )
  return Number(bigintOf(row, 'bytes'))
}

async function obstacleToClone({ connection, facts, signal }: Candidate): Promise<string | undefined> {
  const [plugin] = await connection.query(
    "SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone' AND PLUGIN_STATUS = 'ACTIVE'",
    { signal },
  )
  if (plugin === undefined) return 'the clone plugin is not installed on the server'
  const { tables, isComplete } = await tablesOutside(connection, facts, signal)
  const [first] = tables
  if (first !== undefined)
    return `the rows of ${first.schema}.${first.name} (${first.engine}) would be missing`
  if (!isComplete) return 'the account does not see whether there are tables of other engines than InnoDB'
  return lacking(facts, 'clone')
}

async function obstacleToHot(candidate: Candidate): Promise<string | undefined> {
  const { facts, variables, directory } = candidate
  return (
    (await elsewhere(candidate)) ??
    lacking(facts, 'hot') ??
    (await refusal(() => requireHot({ ...candidate, folders: serverFolders(variables, directory) })))
  )
}

async function obstacleToProgram(candidate: Candidate): Promise<string | undefined> {
  const { facts, env, signal } = candidate
  return (
    (await elsewhere(candidate)) ??
    // It needs the same.
    lacking(facts, 'hot') ??
    (await refusal(async () =>
      requireSeriesOf(facts.version, await findBackupProgram('mariadb-backup', env, signal)),
    ))
  )
}

async function elsewhere({ facts, variables, directory }: Candidate): Promise<string | undefined> {
  const folder = serverFolders(variables, directory).data
  const reason = `${folder} on this machine is not the data directory of that server, or it cannot be read`
  try {
    return (await processOn(folder, facts, variables)) === undefined ? reason : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `${reason} (${String(error.code)})`
    throw error
  }
}

function lacking(facts: InstanceFacts, purpose: Purpose): string | undefined {
  const missing = missingPrivileges(facts, purpose).missing.filter(({ isRequired }) => isRequired)
  return missing.length === 0
    ? undefined
    : `the account lacks ${missing.map(({ privilege }) => privilege).join(', ')}`
}

async function refusal(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    if (error instanceof HoldfastError && error.code !== 'BUG') return error.message
    throw error
  }
}

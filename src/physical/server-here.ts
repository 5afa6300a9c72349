// Whether a data directory on this machine is that of the server at the other end of a connection, and which process that is.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { InstanceFacts } from '../instance/instance-facts.ts'
import type { ServerVariables } from '../instance/server-variables.ts'
import { holderOf } from './cold/stopped-server.ts'
import { isThere } from './is-there.ts'

/** Its process id here; undefined where the server does not run on this machine, or not on this directory. */
export async function processOn(
  directory: string,
  facts: InstanceFacts,
  variables: ServerVariables,
): Promise<number | undefined> {
  const system = path.join(directory, 'ibdata1')
  const holder = (await isThere(system)) ? await holderOf([system]) : undefined
  if (holder === undefined || !(await isThatServer(directory, holder.pid, facts, variables))) return undefined
  return holder.pid
}

/** Two servers may have data directories of one name, one of them in a container. MySQL has an id of its own; MariaDB notes its process. */
async function isThatServer(
  directory: string,
  pid: number,
  { serverUuid }: InstanceFacts,
  variables: ServerVariables,
): Promise<boolean> {
  if (serverUuid !== undefined) {
    const text = await textOf(path.join(directory, 'auto.cnf'))
    return /^\s*server-uuid\s*=\s*(\S+)/m.exec(text)?.[1] === serverUuid
  }
  // As the process itself sees it: its own root, and its number in the innermost of its namespaces, which stands last (proc_pid_status(5)).
  const noted = path.join(
    `/proc/${pid}/root`,
    path.resolve(variables.text('datadir'), variables.text('pid_file')),
  )
  const own = /^NSpid:.*?(\d+)$/m.exec(await textOf(`/proc/${pid}/status`))?.[1]
  return own !== undefined && (await textOf(noted)).trim() === own
}

/** Empty for what is not there, or not for us. */
async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'EACCES'].includes(String(error.code)))
      return ''
    throw error
  }
}

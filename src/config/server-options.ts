// What the option file of a server says of the server itself, and which files say it.
import { readFile } from 'node:fs/promises'
import { readWholeOptionFile } from './option-files.ts'

export interface ServerOptions {
  /** Names as in OptionLine; the last one wins. An option that stands alone has the value ''. */
  readonly values: ReadonlyMap<string, string>
  /** The file and those it includes that have any option. */
  readonly files: readonly { readonly path: string; readonly text: string }[]
}

/** Groups that mysqld and mariadbd read, with those of one version, such as [mysqld-9.7] and [mariadb-10.11]. */
const serverGroup = /^(server|mysqld|mariadb|mariadbd)(-\d+\.\d+)?$/

/** Throws CONFIG_INVALID with file and line. */
export async function readServerOptions(
  file: string,
  env: NodeJS.ProcessEnv,
  notice?: (message: string) => void,
): Promise<ServerOptions> {
  const lines = await readWholeOptionFile(file, { env, notice })
  const values = new Map<string, string>()
  for (const { group, name, value = '' } of lines) if (serverGroup.test(group)) values.set(name, value)
  const names = new Set([file, ...lines.map((line) => line.file)])
  const files = await Promise.all(
    [...names].map(async (path) => ({ path, text: await readFile(path, 'utf8') })),
  )
  return { values, files }
}

/** Undefined for what is not there, or no number. */
export function numberIn(values: ServerOptions['values'] | undefined, name: string): number | undefined {
  const value = values?.get(name)
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined
}

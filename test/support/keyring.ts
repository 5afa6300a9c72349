// Servers that encrypt what they store, with a key in a file: file_key_management of MariaDB, component_keyring_file of MySQL.
import { randomBytes } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { TestServer } from './servers.ts'

export interface Keyring {
  /** What the server has to be started with. */
  readonly args: readonly string[]
  /** An option file that says the same, for `--server-options`. */
  readonly optionFile: string
}

/** Starts the server anew so that it has a key, which lies in `folder`. Tables are encrypted that ask for it, and the redo log. */
export async function withKeyring(server: TestServer, folder: string): Promise<Keyring> {
  const options =
    server.flavour === 'mysql' ? await mysqlOptions(server, folder) : await mariadbOptions(folder)
  const optionFile = path.join(folder, 'keyring.cnf')
  await writeFile(optionFile, `[mysqld]\n${options.map((option) => `${option}\n`).join('')}`)
  const args = options.map((option) => `--${option}`)
  await server.restart({ args })
  return { args, optionFile }
}

async function mariadbOptions(folder: string): Promise<readonly string[]> {
  const keys = path.join(folder, 'keys')
  await writeFile(keys, `1;${randomBytes(32).toString('hex')}\n`)
  return [
    'plugin-load-add=file_key_management',
    `file-key-management-filename=${keys}`,
    'innodb-encrypt-log=ON',
    'aria-encrypt-tables=ON',
  ]
}

/**
 * A server reads which components it has from a manifest beside its program, which may say to look in the data directory instead: so
 * that servers of one installation have, or have not, a keyring of their own.
 */
async function mysqlOptions(server: TestServer, folder: string): Promise<readonly string[]> {
  const root = path.join(path.dirname(path.dirname(server.programs.server)), 'root')
  await writeWhole(path.join(root, 'usr/sbin/mysqld.my'), { read_local_manifest: true })
  await writeWhole(path.join(root, 'usr/lib/mysql/plugin/component_keyring_file.cnf'), {
    read_local_config: true,
  })
  await server.stop()
  await mkdir(path.join(folder, 'keys'))
  await writeWhole(path.join(server.dataDir, 'mysqld.my'), { components: 'file://component_keyring_file' })
  await writeWhole(path.join(server.dataDir, 'component_keyring_file.cnf'), {
    path: path.join(folder, 'keys/keyring'),
    read_only: false,
  })
  return ['innodb-redo-log-encrypt=ON', 'innodb-undo-log-encrypt=ON']
}

/** Other tests may start servers of this installation right now. */
async function writeWhole(file: string, value: unknown): Promise<void> {
  const passing = `${file}.${process.pid}`
  await writeFile(passing, JSON.stringify(value))
  await rename(passing, file)
}

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
  /** What a data directory has to hold for its server to find the key; nothing on MariaDB. */
  readonly giveTo: (directory: string) => Promise<void>
}

/**
 * Starts the server anew so that it has a key, which lies in `folder`, and with these arguments besides. Tables are encrypted that ask
 * for it, undo logs, and MariaDB's redo log.
 */
export async function withKeyring(
  server: TestServer,
  folder: string,
  args: readonly string[] = [],
): Promise<Keyring> {
  const { options, giveTo } = await keyringOf(server, folder)
  const optionFile = path.join(folder, 'keyring.cnf')
  await writeFile(optionFile, `[mysqld]\n${options.map((option) => `${option}\n`).join('')}`)
  const keyring = { args: options.map((option) => `--${option}`), optionFile, giveTo }
  await server.stop()
  await giveTo(server.dataDir)
  await server.restart({ args: [...args, ...keyring.args] })
  return keyring
}

interface KeyringOptions {
  readonly options: readonly string[]
  readonly giveTo: Keyring['giveTo']
}

function keyringOf(server: TestServer, folder: string): Promise<KeyringOptions> {
  return server.flavour === 'mysql' ? mysqlKeyring(server, folder) : mariadbKeyring(folder)
}

async function mariadbKeyring(folder: string): Promise<KeyringOptions> {
  const keys = path.join(folder, 'keys')
  await writeFile(keys, `1;${randomBytes(32).toString('hex')}\n`)
  const options = [
    'plugin-load-add=file_key_management',
    `file-key-management-filename=${keys}`,
    'innodb-encrypt-log=ON',
    'aria-encrypt-tables=ON',
  ]
  return { options, giveTo: async () => undefined }
}

/**
 * A server reads which components it has from a manifest beside its program, which may say to look in the data directory instead: so
 * that servers of one installation have, or have not, a keyring of their own.
 */
async function mysqlKeyring(server: TestServer, folder: string): Promise<KeyringOptions> {
  const root = path.join(path.dirname(path.dirname(server.programs.server)), 'root')
  await writeWhole(path.join(root, 'usr/sbin/mysqld.my'), { read_local_manifest: true })
  await writeWhole(path.join(root, 'usr/lib/mysql/plugin/component_keyring_file.cnf'), {
    read_local_config: true,
  })
  await mkdir(path.join(folder, 'keys'))
  const giveTo = async (directory: string): Promise<void> => {
    await writeWhole(path.join(directory, 'mysqld.my'), { components: 'file://component_keyring_file' })
    await writeWhole(path.join(directory, 'component_keyring_file.cnf'), {
      path: path.join(folder, 'keys/keyring'),
      read_only: false,
    })
  }
  return { options: ['innodb-undo-log-encrypt=ON'], giveTo }
}

/** Other tests may start servers of this installation right now. */
async function writeWhole(file: string, value: unknown): Promise<void> {
  const passing = `${file}.${process.pid}`
  await writeFile(passing, JSON.stringify(value))
  await rename(passing, file)
}

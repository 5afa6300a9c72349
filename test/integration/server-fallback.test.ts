import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ensureInstallation } from '../../scripts/servers/installation.ts'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const fetchScript = fileURLToPath(new URL('../../scripts/servers/fetch.ts', import.meta.url))

/** Fetches `kind` with an empty cache on a machine without apt. */
async function fetchWithoutApt(kind: string, env: Record<string, string>): Promise<string> {
  await using cache = await temporaryDirectory()
  return runProgram(process.execPath, [fetchScript, kind], {
    env: { PATH: path.join(cache.path, 'no-programs'), HOLDFAST_SERVER_CACHE: cache.path, ...env },
  })
}

test('without apt the server that HOLDFAST_MARIADBD names serves', async () => {
  const { serverProgram, version } = await ensureInstallation('mariadb-10.11')
  const said = await fetchWithoutApt('mariadb-11.8', { HOLDFAST_MARIADBD: serverProgram })
  assert.match(said, new RegExp(`mariadb-11.8: ${version.replaceAll('.', String.raw`\.`)} in `))
})

test('without apt and without a server of the right flavour it says what to set', async () => {
  const { serverProgram } = await ensureInstallation('mariadb-10.11')
  await assert.rejects(
    fetchWithoutApt('mysql-9.7', { HOLDFAST_MYSQLD: serverProgram }),
    /cannot fetch mysql-9\.7 \(.*ENOENT\); set HOLDFAST_MYSQLD to a mysqld, or put one on PATH/,
  )
})

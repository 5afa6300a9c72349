// Pages as servers of every setting write them: all are sound, and a flipped bit never goes unseen.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

import { mariadbRedoEnd } from '../../src/physical/innodb/mariadb-redo.ts'
import { mysqlRedoEnd } from '../../src/physical/innodb/mysql-redo.ts'
import { checkPage, type PageState } from '../../src/physical/innodb/page-check.ts'
import type { RedoEnd, RedoFile } from '../../src/physical/innodb/redo-end.ts'
import { readTablespace } from '../../src/physical/innodb/tablespace.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

const tables = `
  CREATE DATABASE p;
  CREATE TABLE p.plain (id INT PRIMARY KEY, v VARCHAR(200)) ENGINE=InnoDB;
  INSERT INTO p.plain WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, REPEAT(CHAR(65 + i % 26), 180) FROM n;
  CREATE TABLE p.small LIKE p.plain; ALTER TABLE p.small ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=1; INSERT INTO p.small SELECT * FROM p.plain;
  CREATE TABLE p.large LIKE p.plain; ALTER TABLE p.large ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8; INSERT INTO p.large SELECT * FROM p.plain;`

/** Algorithms beside the default, where a server still knows them. */
const older = {
  mysql: ['--innodb-checksum-algorithm=innodb', '--innodb-checksum-algorithm=none'],
  mariadb: ['--innodb-checksum-algorithm=crc32'],
}

eachServer('every page of a server is sound or empty, and a bit that flips is seen', async (kind) => {
  await using server = await startServer(kind)
  await server.sql(tables + pageCompressed(server))
  await server.stop()
  const states = await statesOf(server)
  assert.ok(states.sound > 200, JSON.stringify(states))
  assert.ok(states.flipped > 200, JSON.stringify(states))
  assert.equal((await redoEnd(server))?.isAtCheckpoint, true)
  for (const algorithm of older[server.flavour]) {
    await server.restart({ args: [algorithm] })
    await server.sql(`CREATE TABLE p.t${older[server.flavour].indexOf(algorithm)} SELECT * FROM p.plain`)
    await server.stop()
    await statesOf(server)
  }
  await server.restart({ args: [] })
  await server.sql('INSERT INTO p.plain VALUES (100000, 1)')
  await server.kill9()
  assert.equal((await redoEnd(server))?.isAtCheckpoint, false)
})

function pageCompressed({ flavour }: TestServer): string {
  const how = flavour === 'mysql' ? "COMPRESSION='zlib'" : 'PAGE_COMPRESSED=1'
  return `CREATE TABLE p.holes (id INT PRIMARY KEY, v VARCHAR(200)) ${how}; INSERT INTO p.holes SELECT * FROM p.plain;`
}

/** Counts pages by state; each sound one is looked at again with a bit flipped. */
async function statesOf(server: TestServer): Promise<Record<PageState | 'flipped', number>> {
  const states = { sound: 0, empty: 0, unchecked: 0, damaged: 0, flipped: 0 }
  for (const name of await readdir(server.dataDir, { recursive: true })) {
    if (!/\.ibd$|^ibdata|^undo/.test(name)) continue
    const bytes = await readFile(path.join(server.dataDir, name))
    const space = readTablespace(bytes, server.flavour)
    assert.ok(space, `${name} is a tablespace`)
    for (let page = 0; (page + 1) * space.pageBytes <= bytes.length; page += 1) {
      const start: number = page * space.pageBytes
      const state = checkPage(bytes, start, page, space)
      assert.notEqual(state, 'damaged', `page ${page} of ${name}`)
      states[state] += 1
      // Without a checksum nothing shows.
      if (state !== 'sound' || bytes.readUInt32BE(start) === 0xdead_beef) continue
      // Of a page that is compressed by itself only the beginning is summed.
      const at = start + 38 + ((page * 97) % 200)
      bytes[at] = bytes[at]! ^ 1
      assert.equal(
        checkPage(bytes, start, page, space),
        'damaged',
        `page ${page} of ${name}, byte ${at - start}`,
      )
      states.flipped += 1
    }
  }
  return states
}

async function redoEnd({ dataDir, flavour }: TestServer): Promise<RedoEnd | undefined> {
  if (flavour === 'mariadb') return mariadbRedoEnd(await redoFile(path.join(dataDir, 'ib_logfile0')))
  const folder = path.join(dataDir, '#innodb_redo')
  const names = (await readdir(folder)).filter((name) => !name.endsWith('_tmp'))
  return mysqlRedoEnd(await Promise.all(names.map((name) => redoFile(path.join(folder, name)))))
}

async function redoFile(file: string): Promise<RedoFile> {
  const bytes = await readFile(file)
  return { sizeBytes: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) }
}

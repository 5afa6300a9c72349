// Names that `holdfast binlog show` takes from backups: only where nothing can have altered the table in between.
import assert from 'node:assert/strict'
import path from 'node:path'
import { succeed } from '../support/holdfast.ts'
import { eachServer, startServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

interface Change {
  readonly names: string
  readonly after?: object
  readonly before?: object
}

eachServer(
  'names of columns are those of a backup with no DDL of the table between it and the change',
  async (kind) => {
    await using server = await startServer(kind)
    await using folder = await temporaryDirectory()
    const key = path.join(folder.path, 'recovery.key')
    const env = {
      HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
      HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
      HOLDFAST_IDENTITY_FILE: key,
    }
    const backup = async () => succeed(['backup', server.url(), '--name', 'shop'], { env })
    const stream = async () =>
      succeed(['stream', server.url(), '--name', 'shop', '--until-caught-up'], { env })
    const changes = async (table: string): Promise<Change[]> => {
      const { stdout } = await succeed(['binlog', 'show', 'shop', '--table', `shop.${table}`, '--json'], {
        env,
      })
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      return lines.filter(({ type }) => type === 'change')
    }
    const images = async (table: string) =>
      (await changes(table)).map(({ names, after, before }) => [names, after ?? before])

    await succeed(['init', '--identity-out', key], { env })
    await server.sql(`CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop;
    CREATE TABLE renamed (a INT UNSIGNED, b INT UNSIGNED); CREATE TABLE emptied (a INT UNSIGNED, e ENUM('x','y'));
    CREATE TABLE labels (e ENUM('x','y')); CREATE TABLE dropped (a VARCHAR(20), d DECIMAL(10,2)); CREATE TABLE silent (a VARCHAR(20))`)
    await backup()
    await server.sql(`USE shop; INSERT INTO renamed VALUES (1, 4294967295); ALTER TABLE renamed RENAME COLUMN a TO c;
    INSERT INTO renamed VALUES (2, 2);
    INSERT INTO emptied VALUES (3, 'y'); TRUNCATE TABLE emptied; CREATE INDEX i ON emptied (a); INSERT INTO emptied VALUES (4, 'x');
    ALTER TABLE labels MODIFY e ENUM('y','x'); INSERT INTO labels VALUES ('x');
    SET sql_log_bin = 0; ALTER TABLE silent MODIFY a VARCHAR(21); SET sql_log_bin = 1; INSERT INTO silent VALUES ('long');
    DROP DATABASE IF EXISTS other; CREATE TABLE made SELECT 5 AS n`)
    await stream()
    assert.deepEqual(await images('renamed'), [
      ['backup', { a: 1, b: 4294967295 }],
      ['unknown', { '@1': 2, '@2': 2 }],
    ])
    assert.deepEqual(await images('emptied'), [
      ['backup', { a: 3, e: 'y' }],
      ['backup', { a: 4, e: 'x' }],
    ])
    assert.deepEqual(await images('labels'), [['unknown', { '@1': { label: 2 } }]])
    assert.deepEqual(await images('silent'), [['unknown', { '@1': 'long' }]])
    assert.deepEqual(await images('made'), [['unknown', { '@1': 5 }]])

    await server.sql("FLUSH BINARY LOGS; INSERT INTO shop.dropped VALUES ('old', 1.25)")
    await backup()
    await server.sql(`USE shop; DROP DATABASE shop; CREATE DATABASE shop; USE shop; CREATE TABLE dropped (c VARCHAR(20) CHARACTER SET utf8mb4, d DECIMAL(10,2));
    INSERT INTO dropped VALUES ('new', 2.50)`)
    await stream()
    // The first backup after a change has them, where the last one before it has not.
    assert.deepEqual(await images('renamed'), [
      ['backup', { a: 1, b: 4294967295 }],
      ['backup', { c: 2, b: 2 }],
    ])
    assert.deepEqual(await images('labels'), [['backup', { e: 'x' }]])
    assert.deepEqual(await images('made'), [['backup', { n: 5 }]])
    assert.deepEqual(await images('dropped'), [
      ['backup', { a: 'old', d: '1.25' }],
      ['unknown', { '@1': 'new', '@2': '2.50' }],
    ])
  },
)

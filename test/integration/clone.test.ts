// Clones of a MySQL server, taken while it is written to and its tables come and go, become servers that go on where it stands.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GtidSet } from '../../src/core/gtid-set.ts'
import {
  assertCatchesUp,
  changeEverything,
  clonedKinds,
  cloneOf,
  startClone,
  startDonor,
} from '../support/clone-rig.ts'
import { createShop, takeOrders } from '../support/shop.ts'

for (const kind of clonedKinds) {
  test(`a clone taken under writes and DDL recovers to a moment of it, and catches up to the same (${kind})`, async () => {
    await using source = await startDonor(kind)
    await createShop(source)
    await source.sql(`
CREATE DATABASE empty_one;
CREATE TABLE shop.plain (i INT) ENGINE=MyISAM; INSERT INTO shop.plain VALUES (1);
CREATE TABLE shop.squeezed (id INT PRIMARY KEY, text TEXT) COMPRESSION = 'zlib';
INSERT INTO shop.squeezed SELECT id, REPEAT('holdfast ', 500) FROM shop.orders LIMIT 400;
CREATE TABLE shop.parts (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3;
INSERT INTO shop.parts SELECT id FROM shop.orders;
CREATE TABLESPACE common ADD DATAFILE 'common.ibd';
CREATE TABLE shop.shared (id INT PRIMARY KEY) TABLESPACE common; INSERT INTO shop.shared SELECT id FROM shop.orders`)
    await using writing = changeEverything(source)
    const run = await cloneOf(source, { bytesPerSecond: 25_000_000 })
    assert((await writing.stop()) > 3, 'tables came and went while the clone ran')
    await takeOrders(source, 50)
    await using clone = await startClone(kind, run)
    const { bounds } = run.content
    assert(bounds?.from.gtid !== undefined && bounds.to.gtid !== undefined)
    const recovered = GtidSet.parse(await clone.sql('SELECT @@GLOBAL.gtid_executed'))
    const lacks = GtidSet.parse(bounds.from.gtid.text).subtract(recovered)
    assert.equal(lacks.toString(), '', 'it has all that was before the clone')
    const early = recovered.subtract(GtidSet.parse(bounds.to.gtid.text))
    assert.equal(early.toString(), '', 'it has nothing that came after the clone')
    assert.equal(await clone.sql('SELECT COUNT(*) FROM shop.plain'), '0\n')
    await source.sql('DROP TABLE shop.plain')
    await clone.sql('CREATE TABLE empty_one.t (i INT); DROP TABLE empty_one.t')
    await assertCatchesUp(clone, source)
  })
}

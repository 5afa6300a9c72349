import assert from 'node:assert/strict'
import { fillShop } from '../../scripts/sample-shop/fill-shop.ts'
import { checksumTables, describeObjects } from '../../scripts/sample-shop/table-checksums.ts'
import { eachServer, startServer } from '../support/servers.ts'
import { openWitness } from '../support/witness.ts'

eachServer('the sample shop has 200,000 rows and comes out the same every time', async (kind) => {
  await using one = await startServer(kind)
  await using two = await startServer(kind)
  await using first = await openWitness(one)
  await using second = await openWitness(two)
  await fillShop(first.query, { flavour: one.flavour })
  await fillShop(second.query, { flavour: two.flavour })
  const sums = await checksumTables(first.query, 'shop')
  assert.deepEqual(await checksumTables(second.query, 'shop'), sums)
  assert.ok(sums.reduce((total, { rows }) => total + rows, 0) >= 200_000)
  const objects = await describeObjects(first.query, 'shop')
  assert.deepEqual(await describeObjects(second.query, 'shop'), objects)
  for (const name of [
    'view best_customers',
    'trigger take_from_stock',
    'routine place_order',
    'event month_end',
  ]) {
    assert.ok(objects.has(name), name)
  }
})

eachServer(
  'one changed value, and one NULL for an empty text, change the checksum of their table',
  async (kind) => {
    await using server = await startServer(kind)
    await using witness = await openWitness(server)
    await fillShop(witness.query, { flavour: server.flavour, orders: 100, users: false })
    const sumOf = async (table: string) =>
      (await checksumTables(witness.query, 'shop')).find((entry) => entry.table === table)?.sum
    const changes = [
      ['customers', 'UPDATE shop.customers SET score = score + 0.0001 WHERE id = 1'],
      ['customers', "UPDATE shop.customers SET internal_note = 'x' WHERE id = 1"],
      ['customers', "UPDATE shop.customers SET flags = b'101' WHERE id = 1"],
      ['orders', "UPDATE shop.orders SET note = '' WHERE id = 1"],
      ['orders', 'UPDATE shop.orders SET placed_at = placed_at + INTERVAL 1 MICROSECOND WHERE id = 1'],
      ['addresses', "UPDATE shop.addresses SET place = ST_GeomFromText('POINT(1 1.5)') WHERE id = 1"],
      ['product_images', "UPDATE shop.product_images SET image = CONCAT(image, x'00') WHERE product_id = 1"],
      ['page_views', 'INSERT INTO shop.page_views SELECT * FROM shop.page_views LIMIT 2'],
    ] as const
    for (const [table, change] of changes) {
      const before = await sumOf(table)
      await witness.query(change)
      assert.notEqual(await sumOf(table), before, change)
    }
  },
)

eachServer('the procedure of the shop places an order, and its triggers follow', async (kind) => {
  await using server = await startServer(kind)
  await using witness = await openWitness(server)
  await fillShop(witness.query, { flavour: server.flavour, orders: 100, users: false })
  await witness.query('SET @stock = (SELECT stock FROM shop.products WHERE id = 1)')
  await witness.query('CALL shop.place_order(1, 1, @made)')
  await witness.query("UPDATE shop.orders SET status = 'paid' WHERE id = @made")
  const [row] = await witness.query(
    `SELECT shop.order_value(@made) = price AS isPriced, stock = @stock - 1 AS isTaken,
       (SELECT what FROM shop.order_history WHERE order_id = @made) AS history FROM shop.products WHERE id = 1`,
  )
  assert.deepEqual({ ...row }, { isPriced: 1, isTaken: 1, history: 'open -> paid' })
})

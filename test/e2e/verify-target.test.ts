// A restore that proves itself, and a server that is compared with a backup, by the command line.
import assert from 'node:assert/strict'
import path from 'node:path'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

eachServer('restore --verify says what was checked, and verify --target finds what changed', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await using target = await startServer(kind, { users: [{ user: 'restorer', password: 'pw' }] })
  await using parts = await startServer(kind, { sql: 'SET GLOBAL event_scheduler = ON' })
  await createShop(source)
  await source.sql(
    "SET GLOBAL event_scheduler = OFF; CREATE EVENT shop.soon ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.audit (what) VALUES ('x')",
  )
  const env = {
    HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
    HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
  }
  const run = (...words: string[]) => holdfast(words, { env })
  await succeed(['init', '--no-encryption'], { env })
  await succeed(['backup', source.url(), '--name', 'shop'], { env })
  await takeOrders(source, 3)
  await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })

  // By an account with no more than a restore needs.
  const url = target.url({ user: 'restorer', password: 'pw' })
  const refused = await run('restore', 'shop', '--target', url, '--verify')
  await target.sql(/GRANT .*;/.exec(refused.stderr)?.[0] ?? '')
  const restored = await succeed(['restore', 'shop', '--target', url, '--verify'], { env })
  assert.match(
    restored.stdout,
    /^Verified before the replay: [\d,]+ rows of 3 tables \(.+\) and 10 definitions were read back in .+ and are what backup \S+ says\.$/m,
  )
  const replayed = await run('verify', 'shop', '--target', target.url())
  assert.equal(replayed.exit, 30, replayed.output)
  assert.match(replayed.stdout, / is NOT what backup \S+ of shop says: 2 differences in /)
  assert.match(
    replayed.stdout,
    /^ {2}table shop\.orders differs: 3 added \(2,003 rows, and 2,000 rows in the backup\)$/m,
  )
  assert.match(replayed.stdout, /^ {4}row id=2\d{3} is not in the backup$/m)

  // Chosen schemas, on a server whose events run.
  const chosen = [
    'restore',
    'shop',
    '--to',
    'backup',
    '--schemas',
    'shop',
    '--target',
    parts.url(),
    '--verify',
  ]
  const part = await succeed(chosen, { env })
  assert.match(part.stdout, /^Verified: /m)
  assert.equal(await parts.sql('SELECT @@event_scheduler'), 'ON\n')
  await parts.sql("SET GLOBAL event_scheduler = OFF; DELETE FROM shop.audit WHERE what = 'x'")
  const compare = ['verify', 'shop', '--target', parts.url(), '--schemas', 'shop']
  assert.match((await succeed(compare, { env })).stdout, / is what backup \S+ of shop says: .* read back in /)
  await parts.sql(
    'UPDATE shop.customers SET rating = rating * 1.0000001 WHERE id = 3; DROP TRIGGER shop.order_added',
  )
  const damaged = await run(...compare, '--json', '--threads', '1')
  assert.equal(damaged.exit, 30, damaged.output)
  const answer = JSON.parse(damaged.stdout.trim().split('\n').at(-1) ?? '')
  assert.equal(answer.isSame, false)
  assert.deepEqual(
    answer.verification.differences.map((one: { object: string }) => one.object),
    ['trigger shop.order_added', 'table shop.customers'],
  )
  assert.deepEqual(
    answer.verification.differences[1].rows[0].cells.map((cell: { column: string }) => cell.column),
    ['rating'],
  )

  assertRefused(await run('verify', '--target', parts.url()), 2, /the name of an instance is missing/)
  assertRefused(await run('verify', 'shop', '--read-data', '--target', parts.url()), 2, /--read-data/)
  assertRefused(await run('verify', 'shop', '--schemas', 'shop'), 2, /--schemas without a server to compare/)
  assertRefused(await run('verify', 'shop', '--backup', 'zz', '--target', parts.url()), 2, /no backup zz/)
  const files = ['restore', 'shop', '--to-files', path.join(folder.path, 'files'), '--verify']
  assertRefused(await run(...files), 2, /without --verify/)
})

// `npm run demo [-- mysql]`: a shop loses its orders, and gets them back to the commit before. With --spoil it takes a row away from
// each server that was restored, and has to end with 1: so it is known to look.
import path from 'node:path'
import { fillShop } from '../sample-shop/fill-shop.ts'
import { checksumTables, describeObjects, type TableChecksum } from '../sample-shop/table-checksums.ts'
import { isServerKind, type ServerKind, serverKinds } from '../servers/server-kinds.ts'
import { type RunningServer, runServer } from '../servers/start-server.ts'
import { guardedFolder } from '../servers/warden.ts'
import { differences, type ShopState } from './compare-servers.ts'
import { HoldfastProgram } from './holdfast-program.ts'
import { lostOrders } from './lost-orders.ts'
import { Narrator } from './narrator.ts'
import { OrderTraffic } from './order-traffic.ts'
import { connectTo } from './server-connection.ts'

const firstOrders = 50_000

const words = process.argv.slice(2)
const isSpoiled = words.includes('--spoil')
const wanted = words.find((word) => word !== '--spoil') ?? 'mariadb'
const kind = wantedKind(wanted)
if (kind === undefined) {
  process.stderr.write(`no such server: ${wanted}; there are mariadb, mysql, ${serverKinds.join(', ')}\n`)
  process.exit(2)
}
try {
  process.exitCode = (await tellStory(kind)) ? 0 : 1
} catch (error) {
  process.stderr.write(`the demo ended early: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

function wantedKind(word: string): ServerKind | undefined {
  if (word === 'mariadb') return 'mariadb-11.8'
  if (word === 'mysql') return 'mysql-9.7'
  return isServerKind(word) ? word : undefined
}

/** True when every row came back. */
async function tellStory(kind: ServerKind): Promise<boolean> {
  const narrator = new Narrator()
  await using folder = await guardedFolder('holdfast-demo')
  const repository = path.join(folder.path, 'repository')
  const recoveryKey = path.join(folder.path, 'recovery.key')
  const holdfast = new HoldfastProgram(narrator, {
    HOLDFAST_REPOSITORY: repository,
    HOLDFAST_IDENTITY_FILE: recoveryKey,
    XDG_STATE_HOME: path.join(folder.path, 'state'),
  })
  narrator.say(`Holdfast on ${kind}: keep a server, lose its data, bring back the second before.`)

  await using server = await narrator.step('A throw-away server with a sample shop', () =>
    openShop(kind, narrator),
  )
  const url = serverUrl(server)
  await narrator.step('A repository for its backups, and a look at the server', async () => {
    narrator.command(`export HOLDFAST_REPOSITORY=${repository} HOLDFAST_IDENTITY_FILE=${recoveryKey}`)
    await holdfast.run('init', '--identity-out', recoveryKey)
    await holdfast.run('doctor', url)
  })

  await using traffic = await OrderTraffic.start(server.port)
  await narrator.step('A backup, while orders come in', () => holdfast.run('backup', url, '--name', 'shop'))
  const ordersAtBackup = traffic.placed.length

  await using stream = holdfast.start('stream', url, '--name', 'shop', '--seal-seconds', '2')
  const truth = await narrator.step(
    'The stream keeps every commit. Then somebody forgets a WHERE',
    async () => {
      await traffic.waitFor(100)
      // The state that has to come back is read while nothing is written; the DELETE is the very next transaction.
      await traffic.pause()
      const state = await readState(server)
      const orders = await orderNumbers(server)
      const ordersBefore = traffic.placed.length
      narrator.command('mysql --execute "DELETE FROM shop.orders"')
      narrator.bad(await deleteOrders(server))
      traffic.resume()
      await traffic.waitFor(60)
      narrator.detail(`nobody has noticed yet: ${traffic.placed.length - ordersBefore} more orders came in`)
      return { ...state, orders, ordersBefore }
    },
  )

  const killedMs = await narrator.step('It gets worse: the server dies while orders come in', async () => {
    if (!stream.isRunning) throw new Error(`holdfast stream ended early: ${await stream.interrupt()}`)
    narrator.command(`kill -9 ${server.installation.flavour === 'mysql' ? 'mysqld' : 'mariadbd'}`)
    const moment = Date.now()
    await server.kill9()
    narrator.detail('Ctrl-C for the stream, which seals what it has received:')
    narrator.output(await stream.interrupt())
    return moment
  })

  const gtid = await narrator.step('What happened? The archive knows', async () => {
    const words = [
      'binlog',
      'find',
      'shop',
      '--table',
      'shop.orders',
      '--kind',
      'delete',
      '--min-rows',
      '1000',
    ]
    return pointToRestore(await holdfast.run(...words))
  })
  const sealedMs = await endOfArchiveMs(holdfast)

  const found = await narrator.step('Back to the commit before, into a second server', async () => {
    await using target = await runServer(kind)
    await holdfast.run('restore', 'shop', '--to', `before-gtid:${gtid}`, '--target', serverUrl(target))
    if (isSpoiled) await spoil(target, narrator)
    const came = await readState(target)
    const unequal = differences(truth, came)
    for (const { what, was, is } of unequal) narrator.bad(`${what}: was ${was}; is ${is}`)
    if (unequal.length === 0) tellEqual(narrator, came)
    return unequal
  })

  const { came: survivors, lost } = await narrator.step(
    'The same with the orders that came after it, into a third',
    async () => {
      await using target = await runServer(kind)
      await holdfast.run(
        'restore',
        'shop',
        '--to',
        'latest',
        '--skip-gtid',
        gtid,
        '--target',
        serverUrl(target),
      )
      if (isSpoiled) await spoil(target, narrator)
      const came = await orderNumbers(target)
      const later = traffic.placed.slice(truth.ordersBefore)
      const lost = lostOrders({ before: truth.orders, later, sealedMs }, came)
      for (const sentence of lost) narrator.bad(sentence)
      if (lost.length === 0)
        narrator.good(
          `all ${came.size} orders that the archive has are there, from before the DELETE and after it`,
        )
      return { came, lost }
    },
  )

  const missing = traffic.placed.filter(({ id }) => !survivors.has(id))
  const lastKept = traffic.placed.findLast(({ id }) => survivors.has(id))
  // An upper bound: between the last commit that came back and the crash there need not have been another.
  const riskMs = Math.max(0, killedMs - (lastKept?.acknowledgedMs ?? 0))
  narrator.say('')
  narrator.say('Saved')
  narrator.detail(
    `${firstOrders + truth.ordersBefore} orders that one statement had deleted; the backup alone knew ${firstOrders + ordersAtBackup}`,
  )
  narrator.detail(
    `${traffic.placed.length - missing.length} of the ${traffic.placed.length} orders that the server had acknowledged when it died`,
  )
  narrator.detail(
    `at risk were ${(riskMs / 1000).toFixed(3)} s of data: the time from the last commit that was kept to the crash`,
  )
  narrator.say('')
  narrator.say('Times')
  for (const { title, seconds } of narrator.times)
    narrator.detail(`${seconds.toFixed(1).padStart(5)} s  ${title}`)
  narrator.detail(`${narrator.totalSeconds().toFixed(1).padStart(5)} s  altogether`)
  const wrong = found.length + lost.length
  if (wrong > 0) narrator.bad(`${wrong} differences: this is a bug`)
  return wrong === 0
}

async function openShop(kind: ServerKind, narrator: Narrator): Promise<RunningServer> {
  const server = await runServer(kind, { durable: true })
  narrator.detail(`${server.installation.version} listens on 127.0.0.1:${server.port}`)
  await using connection = await connectTo(server.port)
  await fillShop(connection.query, { flavour: server.installation.flavour, orders: firstOrders })
  const tables = await checksumTables(connection.query, 'shop')
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  narrator.detail(
    `${countTables(tables)} with ${rows} rows: foreign keys, JSON, BLOBs, generated columns; views, triggers, routines, events, users`,
  )
  return server
}

/** What the commands call a table is no sequence. */
function countTables(tables: readonly TableChecksum[]): string {
  const sequences = tables.filter(({ isSequence }) => isSequence).length
  return `${tables.length - sequences} tables${sequences === 0 ? '' : ` and ${sequences} sequence`}`
}

async function readState(server: RunningServer): Promise<ShopState> {
  await using connection = await connectTo(server.port)
  return {
    tables: await checksumTables(connection.query, 'shop'),
    objects: await describeObjects(connection.query, 'shop'),
  }
}

async function deleteOrders(server: RunningServer): Promise<string> {
  await using connection = await connectTo(server.port)
  const count = async () => {
    const [row] = await connection.query(
      'SELECT (SELECT COUNT(*) FROM shop.orders) AS orders, (SELECT COUNT(*) FROM shop.order_items) AS items',
    )
    return { orders: Number(row?.['orders']), items: Number(row?.['items']) }
  }
  const before = await count()
  await connection.query('DELETE FROM shop.orders')
  const after = await count()
  return `${before.orders - after.orders} orders are gone, and with them ${before.items - after.items} order lines`
}

async function orderNumbers(server: RunningServer): Promise<ReadonlySet<number>> {
  await using connection = await connectTo(server.port)
  const rows = await connection.query('SELECT id FROM shop.orders')
  return new Set(rows.map(({ id }) => Number(id)))
}

/** Without the log, as a bad disk or a bad restore would. */
async function spoil(server: RunningServer, narrator: Narrator): Promise<void> {
  await using connection = await connectTo(server.port)
  await connection.query('SET SESSION sql_log_bin = 0, SESSION foreign_key_checks = 0')
  await connection.query('DELETE FROM shop.orders ORDER BY id LIMIT 1')
  narrator.detail('(--spoil: one order was taken away here)')
}

/** When the last transaction in the archive was committed, in milliseconds since 1970. */
async function endOfArchiveMs(holdfast: HoldfastProgram): Promise<number> {
  const { sources }: { sources: { windows?: { to: { timeMicros: number } }[] }[] } = JSON.parse(
    await holdfast.ask('list', 'shop', '--json'),
  )
  const ends = sources.flatMap(({ windows = [] }) => windows.map(({ to }) => to.timeMicros))
  if (ends.length === 0) throw new Error('holdfast list knows no recovery window')
  return Math.max(...ends) / 1000
}

function tellEqual(narrator: Narrator, state: ShopState): void {
  const rows = state.tables.reduce((sum, table) => sum + table.rows, 0)
  narrator.good(
    `${countTables(state.tables)} with ${rows} rows are equal, by a checksum over every value of every row`,
  )
  narrator.good(
    `${state.objects.size} columns, views, triggers, routines, events, keys and privileges are equal`,
  )
}

function serverUrl(server: RunningServer): string {
  return `mysql://root@127.0.0.1:${server.port}/`
}

/** The GTID in the next command that `binlog find` proposes, which a person would copy. */
function pointToRestore(found: string): string {
  const gtid = /before-gtid:(\S+)/.exec(found)?.[1]
  if (gtid === undefined) throw new Error('holdfast binlog find did not find the one DELETE')
  return gtid
}

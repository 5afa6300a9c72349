// Bad days of a clone: the outcome is a whole one or none, and the server is free for the next.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/core/error-codes.table.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import type { HoldfastEvent } from '../../src/core/events.ts'
import { cloneInstance } from '../../src/physical/clone/clone-instance.ts'
import {
  assertCatchesUp,
  changeEverything,
  clonedKinds,
  cloneOf,
  cloner,
  startClone,
  startDonor,
} from '../support/clone-rig.ts'
import { CuttingProxy } from '../support/cutting-proxy.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { createShop } from '../support/shop.ts'

const megabyte = 1024 * 1024

function fails(code: ErrorCode, message: RegExp, hint = /./): (error: unknown) => boolean {
  return (error) => {
    assert(isHoldfastError(error, code), String(error))
    assert.match(error.message, message)
    assert.match(error.hint, hint)
    return true
  }
}

/** A whole clone, which a server allows only when no other is under way. */
async function assertFree(donor: TestServer): Promise<void> {
  const { content } = await cloneOf(donor)
  assert(content.files.length > 4)
}

for (const kind of clonedKinds) {
  test(`a clone goes on where it broke, however often, while tables come and go (${kind})`, async () => {
    await using source = await startDonor(kind)
    await createShop(source)
    const lengths = [7.3, 11.9, 3.1, 20, 0.4, 13.7, 2].map((mib) => Math.floor(mib * megabyte))
    await using proxy = await CuttingProxy.open(
      source.port,
      () => lengths.shift() ?? Number.POSITIVE_INFINITY,
    )
    const notices: HoldfastEvent[] = []
    await using writing = changeEverything(source)
    const run = await cloneOf(source, {
      port: proxy.port,
      bytesPerSecond: 25_000_000,
      emit: (event) => {
        if (event.type === 'notice') notices.push(event)
      },
    })
    await writing.stop()
    assert.equal(proxy.cuts, 7)
    assert(
      notices.filter((event) => event.type === 'notice' && /goes on where it stopped/.test(event.message))
        .length >= 4,
    )
    const sizeBytes = run.content.files.reduce((sum, file) => sum + file.sizeBytes, 0)
    assert(proxy.passedBytes < 1.5 * sizeBytes, `${proxy.passedBytes} bytes came of ${sizeBytes}`)
    await using clone = await startClone(kind, run)
    await assertCatchesUp(clone, source)
  })

  test(`a clone that fails here leaves the server free at once (${kind})`, async () => {
    await using donor = await startDonor(kind)
    let chunks = 0
    const full = new Error('no space left')
    const failing = cloneInstance({
      settings: donor.settings(cloner),
      sink: {
        putChunk: async () => {
          chunks += 1
          if (chunks > 20) throw full
          return chunks.toString(16).padStart(64, '0')
        },
      },
      emit: () => undefined,
      signal: new AbortController().signal,
    })
    await assert.rejects(failing, (error) => error === full)
    await assertFree(donor)
    const stop = new AbortController()
    const reason = new Error('enough')
    const stopped = cloneOf(donor, {
      signal: stop.signal,
      bytesPerSecond: 10 * megabyte,
      emit: (event) => {
        if (event.type === 'progress' && event.done > 3 * megabyte) stop.abort(reason)
      },
    })
    await assert.rejects(stopped, (error) => error === reason)
    await assertFree(donor)
  })

  test(`a server that dies ends its clone with a sentence (${kind})`, async () => {
    await using donor = await startDonor(kind)
    let isKilled = false
    const started = performance.now()
    const dying = cloneOf(donor, {
      bytesPerSecond: 10 * megabyte,
      emit: (event) => {
        if (event.type !== 'progress' || event.done < 5 * megabyte || isKilled) return
        isKilled = true
        void donor.kill9()
      },
    })
    await assert.rejects(
      dying,
      fails('CONNECTION_LOST', /could not go on: .*refused/, /Nothing of this backup was kept/),
    )
    assert(performance.now() - started < 30_000)
  })

  test(`what stands in the way of a clone is told with what mends it (${kind})`, async () => {
    await using donor = await startServer(kind, {
      users: [
        { ...cloner, grants: ['BACKUP_ADMIN ON *.*'] },
        { user: 'nobody', password: 'None-1' },
      ],
      sql: 'CREATE DATABASE logs; CREATE TABLE logs.hits (i INT) ENGINE=MyISAM; CREATE TABLE logs.lost (i INT NOT NULL) ENGINE=CSV',
    })
    const cloning = (login: { user: string; password: string }): Promise<unknown> =>
      cloneInstance({
        settings: donor.settings(login),
        sink: { putChunk: async () => ''.padStart(64, '0') },
        emit: () => undefined,
        signal: new AbortController().signal,
      })
    await assert.rejects(
      cloning(cloner),
      fails('UNSUPPORTED', /clone plugin is not installed/, /INSTALL PLUGIN clone SONAME/),
    )
    await donor.sql("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    await assert.rejects(
      cloning({ user: 'nobody', password: 'None-1' }),
      fails('PRIVILEGE_MISSING', /may not clone/, /GRANT BACKUP_ADMIN/),
    )
    const { result: blind } = await cloneOf(donor)
    assert.match(blind.warnings.join(), /the account does not see whether there are any; GRANT SHOW VIEW/)
    await donor.sql("GRANT SHOW VIEW ON *.* TO 'cloner'@'%'")
    const { result, content } = await cloneOf(donor)
    assert.match(result.warnings.join(), /without their rows.*: logs\.hits \(MyISAM\), logs\.lost \(CSV\)$/)
    assert(content.leftOut.some(({ path }) => path === 'logs.hits'))
  })

  test(`a second clone is told of the first (${kind})`, async () => {
    await using donor = await startDonor(kind)
    let second: Promise<unknown> | undefined
    await cloneOf(donor, {
      bytesPerSecond: 30 * megabyte,
      emit: (event) => {
        if (event.type === 'progress')
          second ??= assert.rejects(cloneOf(donor), fails('LOCK_WAIT', /being cloned already/))
      },
    })
    await second
  })
}

for (const kind of testedKinds.filter((tested) => tested.startsWith('mariadb')).slice(0, 1)) {
  test(`MariaDB has no CLONE, and is told so (${kind})`, async () => {
    await using server = await startServer(kind, { users: [cloner] })
    await assert.rejects(cloneOf(server), fails('UNSUPPORTED', /is MariaDB, which has no CLONE/))
  })
}

import assert from 'node:assert/strict'
import { copyFile, cp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { indexChain } from '../../src/archive/index-chain.ts'
import { parseSegmentIndex } from '../../src/archive/resume-state.ts'
import type { SegmentIndex } from '../../src/core/segment-index.ts'
import { type ArchiveProof, proveArchive } from '../../src/operations/prove-archive.ts'
import { Repository } from '../../src/repository/repository.ts'
import type { SourceRepository } from '../../src/repository/source-repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { holdfast } from '../support/holdfast.ts'
import { restoreRig } from '../support/restore-rig.ts'
import { startServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'

const table = 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT);'
const insert = "INSERT INTO d.t (v) VALUES (REPEAT('x', 100));"

const prove = (place: string, readData = false): Promise<ArchiveProof> =>
  proveArchive(
    { access: { place, env: {} }, source: 'shop', readData },
    { emit: () => undefined, signal: new AbortController().signal },
  )

/** The one timeline's objects of a repository in a directory. */
async function segmentsOf(place: string): Promise<{ folder: string; names: string[] }> {
  const binlog = path.join(place, 'sources', 'shop', 'binlog')
  const [timeline = ''] = await readdir(binlog)
  const folder = path.join(binlog, timeline)
  return { folder, names: (await readdir(folder)).toSorted() }
}

/** Puts segment `seq` anew, as a program would that writes sealed files well and yet another index or other data. */
async function rewrite(
  place: string,
  seq: number,
  change: (index: SegmentIndex, data: Buffer) => { index: object; data: Buffer },
): Promise<void> {
  const source: SourceRepository = (await Repository.open(new DirectoryStore(place))).source('shop')
  const ref = (await source.listSegments()).find((each) => each.seq === seq)
  assert.ok(ref !== undefined)
  const index = parseSegmentIndex(await source.readSegmentIndex(ref), ref.key)
  const data = Buffer.concat(await Array.fromAsync(source.readSegmentData(ref)))
  await rm(path.join(place, ref.key))
  const changed = change(index, data)
  await source.putSegment(ref.timeline, seq, { index: changed.index, data: [changed.data] })
}

const rechained = (index: object): object => ({ ...index, chain: indexChain(index) })

interface Case {
  readonly damage: string
  readonly do: (place: string, folder: string, names: readonly string[]) => Promise<void>
  readonly cause: RegExp
  /** Only a look at the data shows it. */
  readonly needsData?: boolean
  /** What is reachable is still a window up to the hole. */
  readonly windows: number
}

const cases: readonly Case[] = [
  {
    damage: 'a segment in the middle is removed',
    do: (_, folder, names) => rm(path.join(folder, names[3]!)),
    cause: /segment 4 is missing/,
    windows: 1,
  },
  {
    damage: 'the first segment is removed',
    do: (_, folder, names) => rm(path.join(folder, names[0]!)),
    cause: /segment 1 is missing/,
    windows: 1,
  },
  {
    damage: 'two segments are swapped',
    do: async (_, folder, names) => {
      const [a, b] = [path.join(folder, names[3]!), path.join(folder, names[4]!)]
      await rename(a, `${a}.x`)
      await rename(b, a)
      await rename(`${a}.x`, b)
    },
    cause:
      /segment 4 is not .*segment 5 of timeline \S+ stands in the place of segment 4.*; segment 5 is not/,
    windows: 1,
  },
  {
    damage: 'one segment is there under two numbers',
    do: (_, folder, names) => copyFile(path.join(folder, names[2]!), path.join(folder, names[3]!)),
    cause: /segment 4 is not .*segment 3 of timeline \S+ stands in the place of segment 4/,
    windows: 1,
  },
  {
    damage: 'a time in an index is altered',
    do: (place) =>
      rewrite(place, 4, (index, data) => ({ index: { ...index, timeMicros: index.timeMicros + 1 }, data })),
    cause: /segment 4 is not .*chain value/,
    windows: 1,
  },
  {
    damage: 'an index is altered and its chain value made to fit',
    do: (place) =>
      rewrite(place, 4, (index, data) => ({
        index: rechained({ ...index, timeMicros: index.timeMicros + 1 }),
        data,
      })),
    cause: /segment 5 was written after another segment 4/,
    windows: 1,
  },
  {
    damage: 'the last index names another state than its transactions lead to',
    do: async (place, _, names) =>
      rewrite(place, names.length, (index, data) => ({
        index: rechained({ ...index, gtidAfter: index.gtidAfter.replace(/\d+$/, '99999') }),
        data,
      })),
    cause: /lead from \S+ to \S+, not to \S+99999/,
    windows: 1,
  },
  {
    damage: 'the data are another',
    do: (place) =>
      rewrite(place, 4, (index, data) => {
        data.writeUInt8(data.readUInt8(60) ^ 1, 60)
        return { index, data }
      }),
    cause: /segment 4 is not .*CRC32/,
    needsData: true,
    windows: 1,
  },
  {
    damage: 'the data are those of another segment',
    do: async (place) => {
      let other: Buffer = Buffer.alloc(0)
      await rewrite(place, 5, (index, data) => {
        other = data
        return { index, data }
      })
      await rewrite(place, 4, (index) => ({ index, data: other }))
    },
    cause: /segment 4 is not/,
    needsData: true,
    windows: 1,
  },
]

test('an archive is proven whole, and whatever is missing or altered is a hole with bounds and a cause', async () => {
  await using server = await startServer(someKind())
  await using rig = await restoreRig(server)
  await server.sql(table)
  const place = path.join(rig.archive.folder, 'repository')
  const words = ['verify', 'shop', '--archive', '--repository', place]
  await rig.archive.catchUp()
  const withoutBackup = await holdfast(words)
  assert.equal(withoutBackup.exit, 22, withoutBackup.stdout)
  assert.match(withoutBackup.stdout, /no hole.*\n.*\n.*there is no backup/)

  await rig.backUp()
  await server.sql(`${insert.repeat(40)} FLUSH BINARY LOGS; ${insert.repeat(40)}`)
  await rig.archive.catchUp({ sealBytes: 4000 })
  const proven = await holdfast([...words, '--read-data'])
  assert.equal(proven.exit, 0, proven.stdout + proven.stderr)
  assert.match(
    proven.stdout,
    /^The archive of shop has no hole: \d+ segments with 82 transactions on 1 timeline, proven by their chain, their places and their GTIDs\.\n\d+ events were read, each with its own checksum\.\nEvery commit from \S+Z \(binlog\.000001:\d+\) to \S+Z \(binlog\.000002:\d+\), [\d.]+ s ago can be recovered, from backup \S+ on\.\n$/,
  )

  for (const each of cases) {
    const copy = path.join(rig.archive.folder, 'copy')
    await cp(place, copy, { recursive: true })
    const { folder, names } = await segmentsOf(copy)
    assert.ok(names.length > 6)
    await each.do(copy, folder, names)
    if (each.needsData === true) assert.deepEqual((await prove(copy)).holes, [], each.damage)
    const { holes, windows } = await prove(copy, each.needsData)
    assert.equal(holes.length, 1, `${each.damage}: ${JSON.stringify(holes)}`)
    const [hole] = holes
    assert.equal(hole?.kind, 'damage', each.damage)
    assert.match(hole.cause, each.cause, each.damage)
    assert.ok(hole.before !== undefined, each.damage)
    assert.equal(windows.length, each.windows, each.damage)
    if (each === cases[0]) {
      const run = await holdfast(['verify', 'shop', '--archive', '--repository', copy])
      assert.equal(run.exit, 30, run.stdout)
      assert.match(
        run.stdout,
        /has 1 HOLE in .*:\n {2}timeline 0001-\w+, from binlog\.\d+:\d+ to binlog\.\d+:\d+: segment 4 is missing\n/,
      )
      assert.match(run.stdout, /The end of the archive cannot be recovered/)
    }
    await rm(copy, { recursive: true })
  }
})

test('a source without GTIDs is proven by the places of its segments', async () => {
  await using server = await startServer('mysql-9.7', {
    args: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'],
  })
  await using rig = await restoreRig(server)
  await server.sql(table)
  await rig.backUp()
  await server.sql(`${insert.repeat(20)} FLUSH BINARY LOGS; ${insert.repeat(20)}`)
  await server.kill9()
  await server.restart()
  await server.sql(insert)
  await rig.archive.catchUp({ sealBytes: 3000 })
  const place = path.join(rig.archive.folder, 'repository')
  const proof = await prove(place, true)
  assert.deepEqual(proof.holes, [])
  assert.equal(proof.isEndReached, true)
  assert.deepEqual(
    proof.timelines.map(({ transactions, isByGtids }) => [transactions, isByGtids]),
    [[43, false]],
  )
  const { folder, names } = await segmentsOf(place)
  await rm(path.join(folder, names[4]!))
  const { holes, windows, isEndReached } = await prove(place)
  assert.match(holes[0]?.cause ?? '', /segment 5 is missing/)
  assert.equal(windows.length, 1)
  assert.equal(isEndReached, false)
})

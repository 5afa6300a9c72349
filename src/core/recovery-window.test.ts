import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gapBetween, type HistorySegment, type HistoryTransaction } from './history.ts'
import { recoveryWindows } from './recovery-window.ts'
import { answer } from './run-history.ts'

function segment(seq: number, more: Partial<HistorySegment> = {}): HistorySegment {
  const before = (seq - 1) * 10
  return {
    timeline: 't1',
    seq,
    file: `binlog.${String(seq).padStart(6, '0')}`,
    start: 4,
    end: 1000,
    gtidBefore: { flavour: 'mariadb', text: before === 0 ? '' : `0-1-${before}` },
    gtidAfter: { flavour: 'mariadb', text: `0-1-${before + 10}` },
    transactionCount: 10,
    maxTimeMicros: seq * 1_000_000,
    lastTimeMicros: seq * 1_000_000,
    ...more,
  }
}

/** Ten of them, each of a hundred bytes. */
const transactionsOf = ({
  timeline,
  server: of,
  gtidBefore,
  firstTimeMicros = 0,
}: HistorySegment): HistoryTransaction[] => {
  const before = Number(gtidBefore?.text.split('-').at(-1) ?? 0)
  const server = of === 'three' ? 3 : timeline === 't1' || before < 30 ? 1 : 2
  return Array.from({ length: 10 }, (_, i) => ({
    start: Math.max(4, i * 100),
    end: (i + 1) * 100,
    gtid: `0-${server}-${before + i + 1}`,
    timeMicros: firstTimeMicros,
  }))
}

const windowsOf = (...given: Parameters<typeof recoveryWindows>) =>
  answer(recoveryWindows(...given), transactionsOf)

const backup = (id: string, file: number, number: number) => ({
  id,
  point: {
    position: { file: `binlog.${String(file).padStart(6, '0')}`, offset: 500 },
    gtid: { flavour: 'mariadb' as const, text: `0-1-${number}` },
    timeMicros: file * 1_000_000 - 500_000,
  },
})

test('backups of one gapless run make one window, from the oldest to the end of the archive', () => {
  const { windows, gaps } = windowsOf(
    [backup('b', 2, 15), backup('a', 1, 5)],
    [segment(1), segment(2), segment(3)],
  )
  assert.deepEqual(gaps, [])
  assert.equal(windows.length, 1)
  assert.deepEqual(windows[0]?.backups, ['a', 'b'])
  assert.equal(windows[0]?.from.timeMicros, 500_000)
  assert.deepEqual(windows[0]?.to, {
    position: { file: 'binlog.000003', offset: 1000 },
    gtid: { flavour: 'mariadb', text: '0-1-30' },
    timeMicros: 3_000_000,
  })
})

test('a gap in the archive ends the recovery window before it, and is named', () => {
  const { windows, gaps } = windowsOf(
    [backup('a', 1, 5), backup('c', 4, 35)],
    [segment(1), segment(2), segment(4)],
  )
  assert.equal(gaps.length, 1)
  assert.match(gaps[0]?.reason ?? '', /segments 3 to 3 are missing/)
  assert.deepEqual(
    windows.map(({ backups, to, endedBy }) => [backups, to.position?.file, endedBy?.before.file]),
    [
      [['a'], 'binlog.000002', 'binlog.000004'],
      [['c'], 'binlog.000004', undefined],
    ],
  )
})

test('a backup that no archived history goes on from can only be restored as it is', () => {
  const lone = backup('a', 9, 95)
  const { windows } = windowsOf([lone], [segment(1)])
  assert.deepEqual(windows, [{ backups: ['a'], from: lone.point, to: lone.point }])
})

test('a backup of a part of the instance can only be restored as it is', () => {
  const part = { ...backup('p', 1, 5), isPartial: true }
  const { windows } = windowsOf([part, backup('a', 2, 15)], [segment(1), segment(2)])
  assert.deepEqual(
    windows.map(({ backups, from, timeline }) => [backups, from.timeMicros, timeline]),
    [
      [['p'], 500_000, undefined],
      [['a'], 1_500_000, 't1'],
    ],
  )
})

test('what does not continue is a gap: numbers, files, bytes and GTIDs are compared', () => {
  const cases: [HistorySegment, RegExp][] = [
    [segment(2, { seq: 3 }), /segments 2 to 2/],
    [segment(2, { file: 'binlog.000001', start: 1200, end: 1500 }), /no events from 1000 to 1200/],
    [segment(2, { start: 300 }), /first 296 bytes/],
    [segment(2, { file: 'binlog.000003' }), /binary log files between/],
    [
      segment(2, { gtidBefore: { flavour: 'mariadb', text: '0-1-12' } }),
      /ends at 0-1-10 and binlog.000002 starts at 0-1-12/,
    ],
    [
      segment(2, { file: 'binlog.000001', start: 1000, gtidBefore: { flavour: 'mariadb', text: '0-1-12' } }),
      /is at 0-1-10 before offset 1000 and at 0-1-12 behind it/,
    ],
    [segment(2, { gapBefore: 'it was purged' }), /it was purged/],
  ]
  assert.equal(gapBetween(segment(1), segment(2)), undefined)
  assert.equal(
    gapBetween(segment(1), segment(2, { file: 'binlog.000001', start: 1000, end: 1500 })),
    undefined,
  )
  for (const [next, expected] of cases) assert.match(gapBetween(segment(1), next) ?? 'no gap', expected)
})

test('a history that began after the backup is another one, though files and GTIDs have the same names again', () => {
  const before = backup('a', 1, 5)
  const anew = [segment(1, { firstTimeMicros: 9_000_000 }), segment(2)]
  assert.deepEqual(windowsOf([before], anew).windows, [
    { backups: ['a'], from: before.point, to: before.point },
  ])
  const { windows } = windowsOf([before], [segment(1, { firstTimeMicros: 400_000 }), segment(2)])
  assert.equal(windows[0]?.timeline, 't1')
})

/** A replica of server 1 that took over at 0-1-30, whose log begins with 0-1-21. */
function successor(first: Partial<HistorySegment> = {}): HistorySegment[] {
  const own = { timeline: 't2', server: 'two' }
  return [
    segment(3, { ...own, seq: 1, ...first }),
    segment(4, { ...own, seq: 2, gtidAfter: { flavour: 'mariadb', text: '0-2-40' } }),
  ]
}

const ofOne = [1, 2, 3].map((seq) => segment(seq, { server: 'one', fileSeconds: seq }))

test('a window goes on over the timeline of a server that took over, and says through which', () => {
  const { windows } = windowsOf([backup('a', 1, 5)], [...ofOne, ...successor()])
  assert.equal(windows.length, 1)
  assert.equal(windows[0]?.timeline, 't2')
  assert.equal(windows[0].to.gtid?.text, '0-2-40')
  assert.deepEqual(windows[0].through, [{ timeline: 't1', until: { file: 'binlog.000002', offset: 1000 } }])
})

/** Where a window ends that begins on t1. */
function endWith(segment: HistorySegment): string | undefined {
  return windowsOf([backup('a', 1, 5)], [...ofOne, segment]).windows[0]?.timeline
}

const state = (text: string) => ({ gtidBefore: { flavour: 'mariadb' as const, text } })

test('a timeline goes on from another only where that is proven: by GTIDs of two servers, by the file of one', () => {
  const [first] = successor()
  const { gtidBefore: _before, gtidAfter: _after, ...bare } = first!
  assert.equal(endWith(first!), 't2')
  assert.equal(endWith(bare), 't1', 'without GTIDs')
  assert.equal(endWith({ ...first!, ...state('0-2-20') }), 't1', 'the same number of another server')
  assert.equal(endWith({ ...first!, ...state('0-1-31') }), 't1', 'more than was archived')
  assert.equal(endWith({ ...first!, ...state('0-1-20,1-2-1') }), 't1', 'a domain of its own')
  const same = { ...first!, server: 'one' }
  assert.equal(endWith({ ...same, fileSeconds: 3 }), 't2')
  assert.equal(endWith({ ...bare, server: 'one', fileSeconds: 3 }), 't2', 'without GTIDs')
  assert.equal(endWith({ ...same, fileSeconds: 4 }), 't1', 'a file of this name that was created later')
  assert.equal(endWith({ ...same, file: 'binlog.000009', fileSeconds: 9 }), 't1', 'a file that is not there')
  assert.equal(endWith({ ...same, fileSeconds: 3, ...state('0-1-19') }), 't1', 'GTIDs that do not agree')
})

test('on MariaDB numbers of another server are no proof, neither for a backup nor for a timeline', () => {
  const parted = segment(3, {
    timeline: 't2',
    seq: 1,
    server: 'three',
    ...state('0-3-20'),
    gtidAfter: state('0-3-30').gtidBefore,
  })
  for (const file of ['binlog.000003', 'binlog.000007']) {
    const { windows } = windowsOf([backup('a', 3, 25)], [...ofOne, { ...parted, file }])
    assert.equal(windows[0]?.timeline, 't1', file)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gapBetween, type HistorySegment } from './history.ts'
import { recoveryWindows } from './recovery-window.ts'

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

const backup = (id: string, file: number, number: number) => ({
  id,
  point: {
    position: { file: `binlog.${String(file).padStart(6, '0')}`, offset: 500 },
    gtid: { flavour: 'mariadb' as const, text: `0-1-${number}` },
    timeMicros: file * 1_000_000 - 500_000,
  },
})

test('backups of one gapless run make one window, from the oldest to the end of the archive', () => {
  const { windows, gaps } = recoveryWindows(
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
  const { windows, gaps } = recoveryWindows(
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
  const { windows } = recoveryWindows([lone], [segment(1)])
  assert.deepEqual(windows, [{ backups: ['a'], from: lone.point, to: lone.point }])
})

test('a backup of a part of the instance can only be restored as it is', () => {
  const part = { ...backup('p', 1, 5), isPartial: true }
  const { windows } = recoveryWindows([part, backup('a', 2, 15)], [segment(1), segment(2)])
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
  assert.deepEqual(recoveryWindows([before], anew).windows, [
    { backups: ['a'], from: before.point, to: before.point },
  ])
  const { windows } = recoveryWindows([before], [segment(1, { firstTimeMicros: 400_000 }), segment(2)])
  assert.equal(windows[0]?.timeline, 't1')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Drawing, drawTimelines } from './draw-timelines.ts'

const drawing: Drawing = {
  backups: [20, 60, 60],
  timelines: [
    {
      name: '0001-aaaa',
      from: 0,
      to: 50,
      recoverable: [{ from: 20, to: 40 }],
      holes: [{ from: 40, to: 45 }],
    },
    { name: '0002-bbbb', from: 60, to: 100, recoverable: [{ from: 10, to: 100 }], holes: [] },
  ],
}

test('backups, timelines, windows and holes stand over one axis', () => {
  assert.deepEqual(drawTimelines(drawing, 32, String), [
    '           0                 100',
    'backups        B       2',
    '0001-aaaa  ----====XX-',
    '0002-bbbb              =========',
  ])
})

test('no line is longer than the width, and one moment is as good an axis as a year', () => {
  for (const width of [20, 40, 200]) {
    for (const line of drawTimelines(drawing, width, () => '2026-11-23 05:11:06 +01:00')) {
      assert.ok(line.length <= width, `${width}: ${line}`)
    }
  }
  assert.deepEqual(
    drawTimelines({ backups: [7], timelines: [] }, 30, String),
    ['         7', 'backups  B'].map((line, i) => (i === 0 ? `${line}${' '.repeat(19)}7` : line)),
  )
  assert.deepEqual(drawTimelines({ backups: [], timelines: [] }, 30, String), [])
})

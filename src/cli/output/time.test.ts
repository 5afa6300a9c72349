import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatMicros, formatTime } from './time.ts'

test('a moment is printed in local time with its offset and reads back as the same moment', () => {
  const moment = Date.UTC(2026, 10, 23, 5, 11, 6)
  const text = formatTime(moment)
  assert.match(text, /^2026-11-2[234] \d\d:11:06 [+-]\d\d:\d\d$|^2026-11-2[234] \d\d:\d\d:06 [+-]\d\d:\d\d$/)
  assert.equal(new Date(text.replace(' ', 'T').replace(' ', '')).getTime(), moment)
})

test('microseconds of a commit time are kept', () => {
  const micros = Date.UTC(2026, 10, 23, 5, 11, 6) * 1000 + 42
  assert.match(formatMicros(micros), /:06\.000042 [+-]\d\d:\d\d$/)
})

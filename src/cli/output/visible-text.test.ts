import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HoldfastEvent } from '../../core/events.ts'
import { visibleLine, visiblePrinter, visibleText } from './visible-text.ts'

test('what a terminal would obey is shown instead, and nothing else is changed', () => {
  for (const [raw, shown] of [
    ['a\u001B[31mred', String.raw`a\x1b[31mred`],
    ['\u001B]0;title\u0007', String.raw`\x1b]0;title\x07`],
    ['one\rother', String.raw`one\x0dother`],
    ['\u009B31m \u007F', String.raw`\x9b31m \x7f`],
    ['\u202Etxt.exe', String.raw`\u202etxt.exe`],
    ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
    ['Größe 数据 😀 ｎ a\u0301', 'Größe 数据 😀 ｎ a\u0301'],
  ] as const) {
    assert.equal(visibleText(raw), shown)
  }
  assert.equal(visibleLine('a\nb\tc'), String.raw`a\nb\tc`)
})

test('a printer for people is told no control characters', () => {
  const told: (HoldfastEvent | string)[] = []
  const printer = visiblePrinter({
    emit: (event) => told.push(event),
    say: (line) => told.push(line),
    pause: () => undefined,
    close: () => undefined,
  })
  printer.say('\u001B[2Jgone')
  printer.emit({ type: 'notice', level: 'warning', message: 'table \u001B[31mred' })
  printer.emit({ type: 'phase', phase: 'reading', detail: 'a\nb' })
  assert.deepEqual(told, [
    String.raw`\x1b[2Jgone`,
    { type: 'notice', level: 'warning', message: String.raw`table \x1b[31mred` },
    { type: 'phase', phase: 'reading', detail: String.raw`a\nb` },
  ])
})

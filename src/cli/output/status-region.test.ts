import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { statusRegion } from './status-region.ts'

const erase = '\r\u001B[K'
const up = '\u001B[A'
const sequences = new RegExp(`(${RegExp.escape(erase)}|${RegExp.escape(up)}|\n)`)

/** A terminal of 30 columns that knows the few sequences that are used, and shows what a person would see in the end. */
function screen() {
  const lines = ['']
  let at = 0
  return {
    columns: 30,
    isTTY: true as const,
    write: (text: string) => {
      for (const piece of text.split(sequences)) {
        if (piece === erase) lines[at] = ''
        else if (piece === up) at--
        else if (piece === '\n') lines[++at] ??= ''
        else lines[at] += stripVTControlCharacters(piece)
      }
    },
    text: () => lines.join('\n'),
  }
}

test('finished phases stay on the screen with their time, warnings between them', () => {
  const output = screen()
  const printer = statusRegion(output)
  printer.emit({ type: 'phase', phase: 'connecting' })
  printer.emit({ type: 'notice', level: 'warning', message: 'no binary log' })
  printer.emit({ type: 'phase', phase: 'reading', detail: 'shop' })
  printer.close('done')
  assert.equal(output.text(), 'warning: no binary log\n✓ connecting (0.0 s)\n✓ reading: shop (0.0 s)\n')
})

test('work that failed does not tick off the phase it failed in', () => {
  const output = screen()
  const printer = statusRegion(output)
  printer.emit({ type: 'phase', phase: 'connecting' })
  printer.close('failed')
  assert.equal(output.text(), '')
})

test('progress that does not fit into a line has two, and leaves nothing behind', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval', 'Date'] })
  const output = screen()
  const printer = statusRegion(output)
  const event = { type: 'progress', phase: 'reading', total: 2048, unit: 'bytes', detail: 's.t' } as const
  printer.emit({ ...event, done: 0, rows: 0 })
  context.mock.timers.tick(4000)
  printer.emit({ ...event, done: 1024, rows: 8 })
  context.mock.timers.tick(1000)
  const shown = output.text().split('\n')
  assert.deepEqual(shown, ['reading: 1.0 KiB of 2.0 KiB (', '  about 5.0 s left (s.t)'])
  printer.emit({ type: 'notice', level: 'warning', message: 'w' })
  printer.emit({ ...event, done: 2048, rows: 16 })
  printer.close('done')
  assert.equal(output.text(), 'warning: w\n✓ reading: 2.0 KiB, 16 rows, 410 B/s, 3 rows/s (5.0 s)\n')
})

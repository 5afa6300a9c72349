import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { statusRegion } from './status-region.ts'

function screen(): {
  readonly write: (text: string) => void
  readonly columns: number
  readonly isTTY: true
  text(): string
} {
  let written = ''
  return {
    columns: 30,
    isTTY: true,
    write: (text) => {
      written += text
    },
    // What a terminal would show in the end: a return to the start of the line with an erase drops what stood there.
    text: () =>
      stripVTControlCharacters(
        written
          .split('\n')
          .map((line) => line.slice(line.lastIndexOf('\r\u001B[K') + 1))
          .join('\n'),
      ),
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

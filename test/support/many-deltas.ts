// A thread that describes a file of 250,000 cells with a delta each, as a backup does, and reads the description, as a restore does.
import assert from 'node:assert/strict'
import { parentPort } from 'node:worker_threads'
import { parsePhysicalContent } from '../../src/physical/content.ts'
import { cellBytes } from '../../src/physical/grid.ts'
import { ByteRuns } from '../../src/physical/pour/byte-runs.ts'
import { DeltaList } from '../../src/physical/pour/delta-list.ts'
import { PouredCells } from '../../src/physical/pour/poured-cells.ts'

const count = 250_000

const cells = new PouredCells()
const buffer = Buffer.alloc(cellBytes, 1)
for (let cell = 0; cell < count; cell += 1) {
  const written = new ByteRuns()
  written.add(0, cellBytes)
  const change = cells.put(cell, buffer, written, cellBytes)
  assert(change?.kind === 'base')
  const id = cell.toString(16).padStart(64, '0')
  // Blocks here and there, so that no list of runs would be short.
  change.stored({ base: { id, plainBytes: cellBytes }, delta: { id, blocks: 0x5555, isXor: cell % 2 === 0 } })
}
const { map } = cells
assert.equal(cells.length, 2 * count)
const text = JSON.stringify({
  format: 1,
  server: { pageBytes: 16384, architecture: 'x86_64', plugins: [] },
  isClean: true,
  optionFiles: [],
  folders: [],
  files: [{ path: 't.ibd', kind: 'tablespace', sizeBytes: count * cellBytes, mode: 0o640, ...map }],
  leftOut: [],
})
const [file] = parsePhysicalContent(JSON.parse(text)).files
assert.equal(new DeltaList(file?.deltas ?? '', 't.ibd').count, count)
parentPort?.postMessage(process.memoryUsage().arrayBuffers)

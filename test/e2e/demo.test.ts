import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testedKinds } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'

const demo = fileURLToPath(new URL('../../scripts/demo/demo.ts', import.meta.url))

async function runDemo(...words: readonly string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [demo, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  await once(child, 'close')
  return { status: child.exitCode, output }
}

for (const kind of testedKinds) {
  test(`the demo loses a shop's orders and brings every row back (${kind})`, async () => {
    const { status, output } = await runDemo(kind)
    assert.equal(status, 0, output)
    assert.match(output, /✖ 50\d{3} orders are gone, and with them 12\d{4} order lines/)
    assert.match(output, /✔ 12 tables (?:and 1 sequence )?with (?:279|28\d)\d{3} rows are equal/)
    assert.match(output, /✔ all 50\d{3} orders that the archive has are there/)
    assert.match(output, /at risk were \d+\.\d{3} s of data/)
    assert.match(output, /\d+\.\d s {2}altogether/)
  })
}

test('the demo ends with 1 when one row does not come back, and says which', async () => {
  const { status, output } = await runDemo(someKind(), '--spoil')
  assert.equal(status, 1, output)
  assert.match(output, /✖ table orders: was 50\d{3} rows, .*; is 50\d{3} rows/)
  assert.match(output, /✖ missing from before the accident: orders 1\n/)
  assert.match(output, /✖ 2 differences: this is a bug/)
})

test('the demo names the servers that it knows', async () => {
  const { status, output } = await runDemo('oracle')
  assert.equal(status, 2)
  assert.match(output, /no such server: oracle; there are mariadb, mysql, mariadb-10\.11/)
})

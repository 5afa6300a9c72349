import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AcknowledgementCounter, Acknowledger } from './acknowledger.ts'

function acknowledger() {
  const sent: string[] = []
  const counter = new AcknowledgementCounter()
  const subject = new Acknowledger(
    {
      acknowledge: async (file, offset) => {
        sent.push(`${file}:${offset}`)
      },
    },
    counter,
  )
  return { subject, sent, counter }
}

test('one acknowledgement stands for all that was asked for and is safe', async () => {
  const { subject, sent, counter } = acknowledger()
  for (const offset of [100, 200, 300]) subject.ask({ file: 'b.000001', offset }, performance.now())
  await subject.confirm({ file: 'b.000001', offset: 450 })
  assert.deepEqual(sent, ['b.000001:300'])
  assert.equal(counter.summary()?.commits.count, 3)
  assert.equal(counter.summary()?.sent, 1)
  assert.ok(!subject.isAsked)
})

test('what is not safe yet is not acknowledged', async () => {
  const { subject, sent } = acknowledger()
  subject.ask({ file: 'b.000001', offset: 100 }, 0)
  subject.ask({ file: 'b.000002', offset: 50 }, 0)
  await subject.confirm({ file: 'b.000001', offset: 99 })
  assert.deepEqual(sent, [])
  await subject.confirm({ file: 'b.000001', offset: 700 })
  assert.deepEqual(sent, ['b.000001:100'])
  assert.ok(subject.isAsked)
  await subject.confirm({ file: 'b.000002', offset: 50 })
  assert.deepEqual(sent, ['b.000001:100', 'b.000002:50'])
})

test('without a question nothing is said', async () => {
  const { subject, sent, counter } = acknowledger()
  await subject.confirm({ file: 'b.000001', offset: 100 })
  assert.deepEqual(sent, [])
  assert.equal(counter.summary(), undefined)
})

test('questions without number take no memory without end, and the last of them is answered', async () => {
  const { subject, sent, counter } = acknowledger()
  for (let offset = 1; offset <= 100_000; offset++) subject.ask({ file: 'b.000001', offset }, 0)
  await subject.confirm({ file: 'b.000001', offset: 99_999 })
  assert.deepEqual(sent, ['b.000001:4095'])
  await subject.confirm({ file: 'b.000001', offset: 100_000 })
  assert.deepEqual(sent, ['b.000001:4095', 'b.000001:100000'])
  assert.equal(counter.summary()?.commits.count, 4096)
})

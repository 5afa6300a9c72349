import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonValue } from './json-value.ts'

const value = (text: string): string => jsonValue(Buffer.from(text)).toString()

test('JSON is alike whatever its order, spacing and way to write characters', () => {
  assert.equal(value('{"b": [1, 2],"a":"\\\\u00e9"}'), value('{"a": "é", "b": [1,2]}'))
  assert.equal(value('{"a":1,"a":2}'), value('{"a": 2}'))
  assert.equal(value('1e2'), value('100.0'))
})

test('JSON that says another thing is not alike', () => {
  const pairs = [
    ['1', '1.0'],
    ['1', '"1"'],
    ['[]', '{}'],
    ['["a", 1]', '{"a": 1}'],
    ['null', '"null"'],
    ['18446744073709551615', '18446744073709551614'],
    ['{"a": {"b": 1}}', '{"a": {"c": 1}}'],
  ]
  for (const [one = '', other = ''] of pairs) assert.notEqual(value(one), value(other), `${one} and ${other}`)
})

test('what is no JSON stays as it is', () => {
  assert.equal(value('\\N'), '\\N')
  assert.equal(value('{"a":'), '{"a":')
})

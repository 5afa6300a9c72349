import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Ddl } from './table-ddl.ts'

const latin1 = (text: string) => Buffer.from(text, 'latin1')

test('a definition in UTF-8 stays as it is', () => {
  const ddl = "CREATE TABLE `t` (`é` int DEFAULT '😀' CHECK (`é` <> _latin1'ü'))"
  assert.equal(utf8Ddl(Buffer.from(ddl)), ddl)
})

test('strings that are not UTF-8 become hex behind their introducer', () => {
  assert.equal(utf8Ddl(latin1("(concat(`id`,_latin1'\xE9'))")), "(concat(`id`,_latin1 x'e9'))")
  assert.equal(utf8Ddl(latin1("DEFAULT '\xFF\\0', 'b'")), "DEFAULT x'ff00', 'b'")
})

test('escapes of a string that becomes hex are what they stand for', () => {
  assert.equal(utf8Ddl(latin1("_sjis'\x83\\\\'")), "_sjis x'835c'")
  assert.equal(utf8Ddl(latin1("_binary'\xFF\\'''\\0\\n\\r\\t\\b\\Z\\\"'")), "_binary x'ff2727000a0d09081a22'")
})

test('names are not strings, and a quote in one does not begin one', () => {
  const name = Buffer.from("`it's é`").toString('latin1')
  assert.equal(utf8Ddl(latin1(`${name} DEFAULT '\xFF', \`a\`\`'b\``)), "`it's é` DEFAULT x'ff', `a``'b`")
})

test('what is neither UTF-8 nor within a string is refused', () => {
  assert.throws(() => utf8Ddl(latin1('CREATE TABLE \xE9')), { code: 'UNSUPPORTED' })
})

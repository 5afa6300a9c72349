import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../core/errors.ts'
import { parseOptionFile } from './option-file-parser.ts'

/** [text of one option line, name, value] */
const good: readonly (readonly [string, string, string | undefined])[] = [
  ['user=bob', 'user', 'bob'],
  ['  user = bob  ', 'user', 'bob'],
  ['user\t=\tbob\r', 'user', 'bob'],
  ['compress', 'compress', undefined],
  ['password=', 'password', ''],
  ['password=""', 'password', ''],
  ['password=a=b=c', 'password', 'a=b=c'],
  ['SSL_Mode=required', 'ssl-mode', 'required'],
  ['loose_ssl-mode=x', 'ssl-mode', 'x'],
  ['password="with space "', 'password', 'with space '],
  ["password=' # no comment '", 'password', ' # no comment '],
  ['password=abc # comment', 'password', 'abc'],
  ['password=abc;def', 'password', 'abc;def'],
  ['password="a#b" # "c"', 'password', 'a#b'],
  ['password="a\\"#b"', 'password', 'a"#b'],
  ['password="unbalanced', 'password', '"unbalanced'],
  ['password=\'mixed"', 'password', '\'mixed"'],
  ['password="', 'password', '"'],
  ['password=a\\sb\\tc\\nd\\re\\bf\\\\g\\"h\\\'i', 'password', 'a b\tc\nd\re\bf\\g"h\'i'],
  ['socket=C:\\Program\\MySQL', 'socket', 'C:\\Program\\MySQL'],
  ['password=end\\', 'password', 'end\\'],
  ['password=pässwörd😀', 'password', 'pässwörd😀'],
]

for (const [line, name, value] of good) {
  test(`the option line ${JSON.stringify(line)} says ${name} is ${JSON.stringify(value)}`, () => {
    const [option] = parseOptionFile(`[client]\n${line}\n`, 'my.cnf')
    assert.equal(option?.kind, 'option')
    assert.equal(option.name, name)
    assert.equal(option.value, value)
    assert.equal(option.line, 2)
  })
}

test('comments and empty lines say nothing, and options belong to the group above them', () => {
  const text = '# a\n; b\n\n[ client ] # c\nuser=a\n  # d\n[mysqld]\nuser=b\n[client]\nport=1'
  assert.deepEqual(
    parseOptionFile(text, 'f').map((line) => line.kind === 'option' && [line.group, line.name, line.value]),
    [
      ['client', 'user', 'a'],
      ['mysqld', 'user', 'b'],
      ['client', 'port', '1'],
    ],
  )
})

test('include directives may stand anywhere and keep the group that was open', () => {
  const lines = parseOptionFile('!include /a b.cnf\n[client]\n!includedir  /etc/c.d/ \nuser=x', 'f')
  assert.deepEqual(
    lines.map((line) => (line.kind === 'option' ? [line.group, line.value] : [line.kind, line.path])),
    [
      ['include', '/a b.cnf'],
      ['includedir', '/etc/c.d/'],
      ['client', 'x'],
    ],
  )
})

const bad: readonly (readonly [string, RegExp])[] = [
  ['user=bob', /^f\.cnf:1: an option stands before the first \[group\]$/],
  ['\n[client\nuser=bob', /^f\.cnf:2: the group name has no closing/],
  ['[client]\n=bob', /^f\.cnf:2: an option name is missing/],
  ['[client]\n\n!including x', /^f\.cnf:3: only !include/],
  ['!include', /^f\.cnf:1: only !include/],
]

for (const [text, message] of bad) {
  test(`the option file ${JSON.stringify(text)} is refused with its line`, () => {
    assert.throws(
      () => parseOptionFile(text, 'f.cnf'),
      (error) => isHoldfastError(error, 'CONFIG_INVALID') && message.test(error.message),
    )
  })
}

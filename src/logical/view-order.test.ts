// Views come behind those that they name.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inDependencyOrder } from './view-order.ts'

function view(schema: string, name: string, statement: string) {
  const session = { sqlMode: '', charsetClient: 'utf8mb4', collationConnection: 'utf8mb4_bin' }
  return { schema: { name: schema }, view: { kind: 'view' as const, name, statement, ...session } }
}

const names = (views: readonly ReturnType<typeof view>[]) =>
  inDependencyOrder(views).map((item) => item.view.name)

test('a view comes after the views it reads, across schemas and with backticks in names', () => {
  const views = [
    view('s', 'a', 'VIEW `s`.`a` AS select 1 from `s`.`m` join `t`.`z``y`'),
    view('s', 'm', 'VIEW `s`.`m` AS select 1 from `t`.`z``y`'),
    view('t', 'z`y', 'VIEW `t`.`z``y` AS select `t`.`base`.`id` from `t`.`base`'),
  ]
  assert.deepEqual(names(views), ['z`y', 'm', 'a'])
})

test('broken views in a circle do not hang and are all there', () => {
  const views = [view('s', 'a', 'select from `s`.`b`'), view('s', 'b', 'select from `s`.`a`')]
  assert.deepEqual(names(views).toSorted(), ['a', 'b'])
})

test('a chain of ten thousand views is put in order', () => {
  const views = Array.from({ length: 10_000 }, (_, at) =>
    view('s', `v${at}`, `select from \`s\`.\`v${at + 1}\``),
  )
  assert.deepEqual(names(views).slice(0, 2), ['v9999', 'v9998'])
})

// Puts views behind the views that they name.

import type { TableName } from '../instance/instance-facts.ts'
import { statementText } from './code.ts'
import type { CodeContent } from './content.ts'

interface SchemaView {
  readonly schema: { readonly name: string }
  readonly view: CodeContent
}

// SHOW CREATE VIEW qualifies every table: `schema`.`name`; so are columns, by their table's alias, and functions.
const qualifiedName = /`((?:[^`]|``)*)`\.`((?:[^`]|``)*)`(?!\()/g

/** Views in a cycle (which only broken ones can be) come in any order. Takes time in proportion to the text. */
export function inDependencyOrder<T extends SchemaView>(views: readonly T[]): T[] {
  const byKey = new Map(views.map((item) => [keyOf(item.schema.name, item.view.name), item]))
  const ordered: T[] = []
  const started = new Set<T>()
  // An own stack: views on views may be nested deeper than calls can be.
  for (const root of views) {
    const stack: { readonly item: T; readonly needs: T[] }[] = []
    const enter = (item: T) => {
      started.add(item)
      stack.push({ item, needs: needsOf(item) })
    }
    if (!started.has(root)) enter(root)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.needs.pop()
      if (next === undefined) {
        ordered.push(top.item)
        stack.pop()
      } else if (!started.has(next)) enter(next)
    }
  }
  return ordered

  function needsOf(item: T): T[] {
    return namesIn(item.view).flatMap(({ schema, name }) => {
      const found = byKey.get(keyOf(schema, name))
      return found === undefined || found === item ? [] : [found]
    })
  }
}

/** All qualified names in the text of a view: its tables, and columns qualified by alias among them. */
export function namesIn(view: CodeContent): readonly TableName[] {
  return [...statementText(view.statement).matchAll(qualifiedName)].map(([, schema = '', name = '']) => ({
    schema: unquote(schema),
    name: unquote(name),
  }))
}

function keyOf(schema: string, name: string): string {
  return `${schema}\0${name}`
}

function unquote(name: string): string {
  return name.replaceAll('``', '`')
}

// Partial updates of JSON: what was changed where, as the log of MySQL holds it, and the document after it.
import type { ByteReader } from '../bytes/byte-reader.ts'
import { decodeBinaryJson } from './binary-json.ts'
import type { JsonNode } from './json-tree.ts'

const operations = ['replace', 'insert', 'remove'] as const

export interface JsonDiff {
  readonly operation: (typeof operations)[number]
  /** `$.a[2]`, as MySQL writes paths. */
  readonly path: string
  /** Absent for `remove`. */
  readonly value?: JsonNode
}

/** All that is left: operation, path, and the value of all but removals (Json_diff::read_binary). Throws MalformedDataError. */
export function readJsonDiffs(reader: ByteReader): JsonDiff[] {
  const diffs: JsonDiff[] = []
  while (reader.remaining > 0) {
    const code = reader.u8()
    const operation = operations[code]
    if (operation === undefined) throw reader.malformed('a change of JSON: 0, 1 or 2', String(code))
    const path = reader.lenencBytes().toString('utf8')
    if (operation === 'remove') {
      diffs.push({ operation, path })
      continue
    }
    const length = reader.lenenc()
    const start = reader.place
    diffs.push({ operation, path, value: decodeBinaryJson(reader.take(length), start) })
  }
  return diffs
}

/** The document after the changes, which is `document` itself, changed; undefined where a path leads nowhere in it. */
export function applyJsonDiffs(document: JsonNode, diffs: readonly JsonDiff[]): JsonNode | undefined {
  let root = document
  for (const diff of diffs) {
    const path = pathLegs(diff.path)
    if (path === undefined) return undefined
    const last = path.at(-1)
    if (last === undefined) {
      if (diff.operation !== 'replace' || diff.value === undefined) return undefined
      root = diff.value
      continue
    }
    const parent = path.slice(0, -1).reduce<JsonNode | undefined>(child, root)
    if (parent === undefined || !change(parent, last, diff)) return undefined
  }
  return root
}

type Leg = string | number

function child(node: JsonNode | undefined, leg: Leg): JsonNode | undefined {
  if (node?.kind === 'object' && typeof leg === 'string') return node.members.get(leg)
  return node?.kind === 'array' && typeof leg === 'number' ? node.items[leg] : undefined
}

/** False where the change does not fit what is there (see apply_json_diffs of sql/json_diff.cc). */
function change(parent: JsonNode, leg: Leg, { operation, value }: JsonDiff): boolean {
  if (parent.kind === 'object' && typeof leg === 'string') {
    if (parent.members.has(leg) === (operation === 'insert')) return false
    if (value === undefined) return parent.members.delete(leg)
    parent.members.set(leg, value)
    return true
  }
  if (parent.kind !== 'array' || typeof leg !== 'number') return false
  const { items } = parent
  if (operation !== 'insert' && leg >= items.length) return false
  // Behind the end means at the end.
  items.splice(leg, operation === 'insert' ? 0 : 1, ...(value === undefined ? [] : [value]))
  return true
}

const legPattern = /\s*(?:\.\s*(?:("(?:[^"\\]|\\.)*")|([^\s."[\]]+))|\[\s*(\d+)\s*\])/gsy

/** JSON_DOCUMENT_MAX_DEPTH: what lies deeper is in no document. */
const maxLegs = 100

/** Undefined for what is no path to one place. */
function pathLegs(path: string): readonly Leg[] | undefined {
  if (!path.startsWith('$')) return undefined
  const legs: Leg[] = []
  legPattern.lastIndex = 1
  let at = 1
  while (at < path.length) {
    const [whole, quoted, name, index] = legPattern.exec(path) ?? []
    if (whole === undefined || legs.length === maxLegs) return undefined
    at += whole.length
    const leg = quoted === undefined ? (name ?? Number(index)) : unquoted(quoted)
    if (leg === undefined) return undefined
    legs.push(leg)
  }
  return legs
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

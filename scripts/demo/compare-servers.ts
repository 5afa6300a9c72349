// Compares what came back with what was there: every table by checksum, every definition, every privilege.
import type { TableChecksum } from '../sample-shop/table-checksums.ts'

export interface ShopState {
  readonly tables: readonly TableChecksum[]
  readonly objects: ReadonlyMap<string, string>
}

export interface Difference {
  readonly what: string
  readonly was: string
  readonly is: string
}

/** All differences, those of tables first; empty when the states are equal. */
export function differences(was: ShopState, is: ShopState): Difference[] {
  return [
    ...differentEntries('table', tableLines(was.tables), tableLines(is.tables)),
    ...differentEntries('', was.objects, is.objects),
  ]
}

function tableLines(tables: readonly TableChecksum[]): Map<string, string> {
  return new Map(tables.map(({ table, rows, sum }) => [table, `${rows} rows, sum ${sum}`]))
}

function differentEntries(
  prefix: string,
  was: ReadonlyMap<string, string>,
  is: ReadonlyMap<string, string>,
): Difference[] {
  const names = [...new Set([...was.keys(), ...is.keys()])]
  return names
    .filter((name) => was.get(name) !== is.get(name))
    .map((name) => ({
      what: `${prefix} ${name}`.trim(),
      was: was.get(name) ?? 'not there',
      is: is.get(name) ?? 'not there',
    }))
}

// A server's global variables by name, and whether a server has one at all: the flavours differ in many.
import assert from 'node:assert/strict'
import type { StatementOptions } from '../wire/cancel-watch.ts'
import type { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'

/** Values as the server writes them. `get` answers undefined for a variable that this server does not have. */
export class ServerVariables {
  readonly #values: ReadonlyMap<string, string>

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values
  }

  get(name: string): string | undefined {
    return this.#values.get(name)
  }

  text(name: string): string {
    const value = this.#values.get(name)
    assert(value !== undefined, `the server has no variable ${name}`)
    return value
  }

  number(name: string): number {
    const value = Number(this.text(name))
    assert(!Number.isNaN(value), `variable ${name} is no number: ${this.text(name)}`)
    return value
  }

  /** ON, YES and 1 are on; everything else, and a variable that is not there, is off. */
  isOn(name: string): boolean {
    return ['ON', 'YES', '1'].includes((this.#values.get(name) ?? '').toUpperCase())
  }
}

/** Reads all global variables; needs no privilege. */
export async function readServerVariables(
  connection: Connection,
  options: StatementOptions = {},
): Promise<ServerVariables> {
  const rows = await connection.query('SHOW GLOBAL VARIABLES', options)
  return new ServerVariables(
    new Map(rows.map((row) => [textOf(row, 'Variable_name').toLowerCase(), textOf(row, 'Value')])),
  )
}

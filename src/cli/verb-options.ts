// The options of one call, read by name and kind; which exist is decided by the verb's table.
import { HoldfastError } from '../core/errors.ts'

export type OptionValue = string | number | boolean | readonly string[] | undefined

export class VerbOptions {
  readonly #values: Readonly<Record<string, OptionValue>>

  /** Keys are the long names of the options, with their dashes inside: `ssl-mode`. */
  constructor(values: Readonly<Record<string, OptionValue>>) {
    this.#values = values
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  /** Throws USAGE naming the option (and its variable, where it has one) when it was not given. */
  required(name: string, variable?: string): string {
    const value = this.text(name)
    if (value !== undefined && value !== '') return value
    const or = variable === undefined ? '' : ` or ${variable}`
    throw new HoldfastError('USAGE', `--${name}${or} is missing`, { option: name })
  }

  integer(name: string): number | undefined {
    const value = this.#values[name]
    return typeof value === 'number' ? value : undefined
  }

  /** A number of bytes. */
  bytes(name: string): number | undefined {
    return this.integer(name)
  }

  list(name: string): readonly string[] | undefined {
    const value = this.#values[name]
    return Array.isArray(value) ? (value as readonly string[]) : undefined
  }
}

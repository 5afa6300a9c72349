// A password or key that cannot be printed by accident.
import { inspect } from 'node:util'

/** Holds a secret text. Every way of printing it gives `***`; only `reveal()` gives the text. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '***'
  }

  toJSON(): string {
    return '***'
  }

  [inspect.custom](): string {
    return 'Secret(***)'
  }
}

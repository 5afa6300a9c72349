// What a translation did not carry as it was: the report that goes with every restore to another kind of server.

export interface TranslationEntry {
  /** What and its name: 'table shop.orders', 'account app@%'. */
  readonly object: string
  readonly what: string
  /** `changed`: it is there in another form. `dropped`: it is not there. `differs`: it is there as it was, and acts otherwise. */
  readonly severity: 'changed' | 'dropped' | 'differs'
}

const words: Readonly<Record<TranslationEntry['severity'], string>> = {
  dropped: 'not carried: ',
  changed: '',
  differs: '',
}

/** As one sentence. */
export function entryText({ object, what, severity }: TranslationEntry): string {
  return what.startsWith(object) ? what : `${object}: ${words[severity]}${what}`
}

/** Notes something about one object. */
export type Tell = (severity: TranslationEntry['severity'], what: string) => void

export class TranslationReport {
  readonly #entries: TranslationEntry[] = []
  readonly #told = new Set<string>()

  get entries(): readonly TranslationEntry[] {
    return this.#entries
  }

  /** The same thing about the same object is told once. */
  of(object: string): Tell {
    return (severity, what) => {
      const key = `${object}\0${what}`
      if (this.#told.has(key)) return
      this.#told.add(key)
      this.#entries.push({ object, what, severity })
    }
  }
}

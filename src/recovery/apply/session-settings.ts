// What the session on the target is set to, so that only what differs from one transaction to the next is sent.

/** Values of session variables by name, as SQL literals. */
export type SettingValues = Readonly<Record<string, string>>

export class SessionSettings {
  readonly #current = new Map<string, string>()
  /** Default schema of the session; undefined while nobody knows. */
  schema: string | undefined

  /** `a=1,b=2` for what has to change, undefined when all is as it should be. Counts them as set. */
  change(values: SettingValues): string | undefined {
    const changes: string[] = []
    for (const [name, value] of Object.entries(values)) {
      if (this.#current.get(name) === value) continue
      this.#current.set(name, value)
      changes.push(`${name}=${value}`)
    }
    return changes.length === 0 ? undefined : changes.join(',')
  }

  /** For what a statement may have changed by itself. */
  forget(name: string): void {
    this.#current.delete(name)
  }
}

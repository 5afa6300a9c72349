// What a load made otherwise than the backup says, because the target would not have it: told in the end, also of a run that was killed.
import type { Connection } from '../wire/connection.ts'
import type { LoadLedger } from './ledger/load-ledger.ts'
import type { TranslationEntry } from './translate/report.ts'

export type LoadChange = TranslationEntry

export class LoadChanges {
  readonly #ledger: LoadLedger | undefined
  readonly #changes = new Map<string, LoadChange>()

  /** Begins with those of earlier runs, which cannot be seen any more. */
  constructor(ledger: LoadLedger | undefined) {
    this.#ledger = ledger
    for (const change of ledger?.begun?.changes ?? []) this.#changes.set(keyOf(change), change)
  }

  get all(): readonly LoadChange[] {
    return [...this.#changes.values()]
  }

  /** Before it is made: told too often is better than never. Several sessions may find the same. */
  async note(session: Connection, change: LoadChange): Promise<void> {
    if (this.#changes.has(keyOf(change))) return
    this.#changes.set(keyOf(change), change)
    await this.#ledger?.noteChange(session, change)
  }
}

function keyOf({ object, what }: LoadChange): string {
  return `${object}\0${what}`
}

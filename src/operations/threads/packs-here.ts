// What every thread that stores for a backup has: a pack maker, whose packs the thread of the backup is told of.
import type { MessagePort } from 'node:worker_threads'
import { PackMaker } from '../../repository/pack-maker.ts'
import { openStore } from '../open-store.ts'
import type { OwnerCalls, PackCalls, StoreStart } from './calls.ts'
import { fromPlainError } from './plain-error.ts'
import { type Calls, ThreadCalls } from './thread-calls.ts'

export interface PacksHere {
  readonly owner: ThreadCalls<OwnerCalls>
  readonly packs: PackMaker
}

/** Serves `PackCalls` and those of `own` on `port`. `close` does what a thread has to do besides. */
export function servePacks(
  port: MessagePort,
  start: StoreStart,
  own: Calls,
  close: () => Promise<void>,
): PacksHere {
  const ended = new AbortController()
  /** A pack counts when its owner knows of it. */
  const told: Promise<void>[] = []
  const served: PackCalls = {
    finish: async () => {
      await packs.flush()
      await Promise.all(told)
    },
    abandon: async (reason) => ended.abort(fromPlainError(reason)),
    close: async () => {
      ended.abort()
      await close()
      await packs.settle()
    },
  }
  const owner = new ThreadCalls<OwnerCalls>(port, { ...own, ...served })
  const packs = new PackMaker(
    openStore(start.place),
    start.ticket,
    {
      claim: (id) => owner.call('claim', id),
      filled: (pack) => void told.push(owner.call('filled', pack)),
    },
    ended.signal,
  )
  return { owner, packs }
}

// What a thread does that stores chunks which others have read: names, compresses, seals and puts them.
import { parentPort, workerData } from 'node:worker_threads'
import type { StoreCalls, StoreStart } from './calls.ts'
import { servePacks } from './packs-here.ts'

const start: StoreStart = workerData
if (parentPort === null) throw new TypeError('store-thread is to be run as a worker')

const own: Pick<StoreCalls, 'put'> = { put: (bytes, signal) => packs.putChunk(bytes, signal) }
const { packs } = servePacks(parentPort, start, own, async () => undefined)

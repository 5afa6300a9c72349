// When what has arrived counts as safe, so that a source may be told: once it is in the spool, or once it is in the repository.
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { Archiver } from './archiver.ts'
import { isAtOrAfter } from './binlog-order.ts'
import type { SegmentUploader } from './segment-uploader.ts'

type Sealing = Pick<Archiver, 'state' | 'position' | 'flush' | 'seal' | 'sealIfWhole'>
type Putting = Pick<SegmentUploader, 'isIdle' | 'putUntil' | 'drain' | 'settle'>

/** Where the bytes of a commit have to be before it is acknowledged. */
export const safePlaces = ['spool', 'repository'] as const
export type SafePlaceName = (typeof safePlaces)[number]

export interface SafePlace {
  /** Before a stream starts: the source takes everything before its start for acknowledged. */
  prepare(): Promise<void>
  /**
   * Makes all that was taken durable, and answers behind what is safe; undefined before anything is. `isAsked`: the source waits
   * for something.
   */
  reach(isAsked: boolean): Promise<BinlogPosition | undefined>
}

/** `onStored` is called when something may have become safe without a call of `reach`. */
export function safePlace(
  name: SafePlaceName,
  archiver: Sealing,
  uploader: Putting,
  onStored: () => void,
): SafePlace {
  return name === 'spool' ? inSpool(archiver) : inRepository(archiver, uploader, onStored)
}

/** One fdatasync for all that had come. */
function inSpool(archiver: Sealing): SafePlace {
  return {
    prepare: () => archiver.flush(),
    async reach() {
      await archiver.flush()
      return archiver.position
    },
  }
}

/** A segment of its own for all that had come while the one before was being put. */
function inRepository(archiver: Sealing, uploader: Putting, onStored: () => void): SafePlace {
  let stored: BinlogPosition | undefined
  return {
    async prepare() {
      // Even within a transaction: what came before it may have been asked for on an earlier connection.
      await archiver.seal()
      await uploader.drain()
      stored = archiver.position
    },
    async reach(isAsked) {
      await archiver.flush()
      if (isAsked && uploader.isIdle) {
        await archiver.sealIfWhole()
        // Within a transaction nothing was sealed: its other events wake the reader when they come.
        if (!uploader.isIdle) void uploader.settle().then(onStored)
      }
      const { putUntil } = uploader
      // What was put of a server before this one says nothing of its files.
      const isOwn = putUntil !== undefined && putUntil.timeline === archiver.state.timeline
      if (isOwn && (stored === undefined || isAtOrAfter(putUntil, stored))) stored = putUntil
      return stored
    },
  }
}

// When what has arrived counts as safe, so that a source may be told: once it is in the spool, or once it is in the repository.
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { Archiver } from './archiver.ts'
import { isAtOrAfter } from './binlog-order.ts'
import type { SegmentUploader } from './segment-uploader.ts'

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
  archiver: Archiver,
  uploader: SegmentUploader,
  onStored: () => void,
): SafePlace {
  return name === 'spool' ? inSpool(archiver) : inRepository(archiver, uploader, onStored)
}

/** One fdatasync for all that had come. */
function inSpool(archiver: Archiver): SafePlace {
  return {
    prepare: () => archiver.flush(),
    async reach() {
      await archiver.flush()
      return archiver.position
    },
  }
}

/** A segment of its own for all that had come while the one before was being put. */
function inRepository(archiver: Archiver, uploader: SegmentUploader, onStored: () => void): SafePlace {
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
        void uploader.settle().then(onStored)
      }
      const { putUntil } = uploader
      if (putUntil !== undefined && (stored === undefined || isAtOrAfter(putUntil, stored))) stored = putUntil
      return stored
    },
  }
}

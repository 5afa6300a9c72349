// Going through a sealed file by its clear headers alone: shows a file that was cut or torn, without any key.
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { missingObject, readingObject } from './repository-context.ts'
import {
  decodeFileHeader,
  decodeFrameHeader,
  fileHeaderBytes,
  frameHeaderBytes,
  type SealedKind,
} from './sealed-format.ts'

/** `within`: the file is a part of the object. Throws VERIFY_FAILED when the frames are not numbered from 0, one after the other, up to an end frame that ends the file. */
export async function checkFrames(
  store: ObjectStore,
  key: string,
  kind: SealedKind,
  signal?: AbortSignal,
  within?: { readonly offset: number; readonly length: number },
): Promise<void> {
  const start = within?.offset ?? 0

  const read = async (offset: number, length: number): Promise<Buffer> => {
    const bytes = await store.get(key, { offset: start + offset, length, signal })
    if (bytes === undefined) throw missingObject(key)
    return bytes
  }
  const whole = (await store.head(key, { signal }))?.sizeBytes
  if (whole === undefined) throw missingObject(key)
  const sizeBytes = within === undefined ? whole : Math.min(within.length, whole - start)
  await readingObject(key, async () => {
    const header = decodeFileHeader(await read(0, fileHeaderBytes), key)
    if (header.kind !== kind) throw unexpected(key, 9, kind, header.kind)
    let offset = fileHeaderBytes
    for (let number = 0; ; number += 1) {
      const frame = decodeFrameHeader(await read(offset, frameHeaderBytes), key, offset)
      if (frame.number !== number) throw unexpected(key, offset, `frame ${number}`, `frame ${frame.number}`)
      offset += frameHeaderBytes + frame.bodyBytes
      if (frame.isLast) break
    }
    if (offset !== sizeBytes) throw unexpected(key, offset, 'the end of the file', `${sizeBytes} bytes`)
  })
}

function unexpected(file: string, offset: number, expected: string, found: string): MalformedDataError {
  return new MalformedDataError({ what: 'sealed file', file, offset, expected, found })
}

// What parsers throw: bytes that are not what their format says, with the place where it showed.

export interface MalformedData {
  /** What was being read: 'binary log event header', 'pack frame', … */
  readonly what: string
  /** File or object name, where there is one. */
  readonly file?: string
  /** Byte offset within the file, or within the bytes given. */
  readonly offset: number
  readonly expected: string
  readonly found: string
}

export class MalformedDataError extends Error {
  override readonly name = 'MalformedDataError'
  readonly data: MalformedData

  constructor(data: MalformedData, options: { readonly cause?: unknown } = {}) {
    const place = data.file === undefined ? `offset ${data.offset}` : `${data.file} at offset ${data.offset}`
    super(`malformed ${data.what} in ${place}: expected ${data.expected}, found ${data.found}`, options)
    this.data = data
  }
}

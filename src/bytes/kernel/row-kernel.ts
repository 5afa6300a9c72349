// Drives the compiled row kernel: row packets in, chunks of LOAD DATA text with row counts and row hashes out.
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import { kernelModule } from './kernel.generated.ts'

/** Limits of a chunk, in bytes. A cut is as likely in every byte beyond the minimum. */
export interface ChunkLimits {
  readonly minBytes: number
  readonly meanBytes: number
  /** At most 4 MiB. */
  readonly maxBytes: number
}

// 2 MiB on average: a lookup of 32 bytes a chunk is then 16 MB a TB, and one changed row costs 2 MiB of new data on average
// times the compression. Each thread that reads has two of the largest in its kernel, and one more on its way into a pack. The smallest and largest lie a factor of 4 and 2 from it.
export const chunkLimits: ChunkLimits = {
  minBytes: 512 * 1024,
  meanBytes: 2 * 1024 * 1024,
  maxBytes: 4 * 1024 * 1024,
}

/** A chunk of whole rows, or a piece of one row that is longer than a chunk (then `rows` is 0 but in its last piece). */
export interface RowChunk {
  /** A view into the kernel: valid until the chunk after the next one is asked for. */
  readonly bytes: Buffer
  /** Rows that end in this chunk. */
  readonly rows: number
  /** Sum of the row hashes, 32 hex digits. */
  readonly rowHash: string
}

export type KernelStep =
  | { readonly kind: 'input'; readonly consumed: number }
  | { readonly kind: 'chunk'; readonly consumed: number; readonly chunk: RowChunk }
  /** The terminator of the result comes next. */
  | { readonly kind: 'end'; readonly consumed: number }

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  initialise(): void
  inputAddress(): number
  inputBytes(): number
  largestChunkBytes(): number
  begin(columns: number, minBytes: number, maxBytes: number, spreadBytes: number): void
  consume(length: number): number
  consumedBytes(): number
  chunkAddress(): number
  chunkLength(): number
  chunkRows(): number
  chunkHash0(): bigint
  chunkHash1(): bigint
  finish(): number
}

// Node has it; the type library that declares it is the browser's.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => CompiledKernel
  // The module is ours, so its exports are what rows.as.ts says.
  readonly Instance: new (
    module: CompiledKernel,
  ) => { readonly exports: KernelExports }
}

// The answers of consume() in rows.as.ts.
const needInput = 0
const chunkReady = 1
const ended = 2
const malformed: Readonly<Record<number, readonly [expected: string, found: string]>> = {
  10: ['a cell that ends within its row', 'one that runs past it'],
  11: ['the row to end after its last column', 'more bytes'],
  12: ['a row', 'an empty packet'],
  13: ['the length of a cell', 'a byte or length that cannot be'],
  14: ['the next sequence number', 'another one'],
}

/** The machine code of a kernel. It may be posted to other threads, which then need not compile it again. */
export type CompiledKernel = object

let compiled: CompiledKernel | undefined

export function compiledKernel(): CompiledKernel {
  compiled ??= new WebAssembly.Module(Buffer.from(kernelModule, 'base64'))
  return compiled
}

/**
 * One kernel with its own memory (8.3 MiB), for one result after another. `step` takes bytes of the socket in any split; when
 * it hands out a chunk, call it again with the bytes that it did not consume. Two chunks live side by side: one may
 * still be read while the next one is filled, but the one before must be done with when `step` is called after a chunk.
 */
export class RowKernel {
  readonly #kernel: KernelExports
  readonly #input: Buffer

  constructor(code = compiledKernel()) {
    this.#kernel = new WebAssembly.Instance(code).exports
    this.#kernel.initialise()
    this.#input = this.#view(this.#kernel.inputAddress(), this.#kernel.inputBytes())
  }

  /** Starts a result of `columns` columns (at least one). */
  begin(columns: number, limits: ChunkLimits = chunkLimits): void {
    const { minBytes, meanBytes, maxBytes } = limits
    // 64: a spanning row needs room for a hash stripe of 32 bytes and the longest unit behind it.
    if (
      maxBytes < 64 ||
      maxBytes > this.#kernel.largestChunkBytes() ||
      minBytes >= meanBytes ||
      columns < 1
    ) {
      throw new RangeError(
        `no such chunks: ${minBytes} < ${meanBytes}, up to ${maxBytes}, ${columns} columns`,
      )
    }
    this.#kernel.begin(columns, minBytes, maxBytes, meanBytes - minBytes)
  }

  /**
   * Takes what it can of `bytes`. At 'input' it has taken all but at most 4 bytes (a packet header that is not whole yet, or
   * not with its first byte) or a full input buffer; those are to be presented again.
   * @throws MalformedDataError where packets and rows do not fit together
   */
  step(bytes: Uint8Array): KernelStep {
    const piece = bytes.length > this.#input.length ? bytes.subarray(0, this.#input.length) : bytes
    this.#input.set(piece)
    const status = this.#kernel.consume(piece.length)
    const consumed = this.#kernel.consumedBytes()
    if (status === needInput) return { kind: 'input', consumed }
    if (status === ended) return { kind: 'end', consumed }
    if (status === chunkReady) return { kind: 'chunk', consumed, chunk: this.#chunk() }
    const [expected, found] = malformed[status] ?? ['a known answer of the kernel', String(status)]
    throw new MalformedDataError({ what: 'row packets', offset: consumed, expected, found })
  }

  /** After the end: the last chunk, if there is something left for one. */
  finish(): RowChunk | undefined {
    return this.#kernel.finish() === 0 ? undefined : this.#chunk()
  }

  #chunk(): RowChunk {
    const kernel = this.#kernel
    return {
      bytes: this.#view(kernel.chunkAddress(), kernel.chunkLength()),
      rows: kernel.chunkRows(),
      rowHash: hex64(kernel.chunkHash0()) + hex64(kernel.chunkHash1()),
    }
  }

  #view(address: number, length: number): Buffer {
    return Buffer.from(this.#kernel.memory.buffer, address, length)
  }
}

function hex64(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16).padStart(16, '0')
}

// Gives large buffers back at once: garbage of megabytes piles up before V8 collects it, and every such collection takes its time.

// Node's pool, of which small buffers are parts, has 64 KiB and cannot be detached.
const minBytes = 64 * 1024 + 1

/** Detaches the memory if it is worth it, which frees it. Nobody may use a view of it any more: its length is 0 then. */
export function freeNow(memory: ArrayBufferLike): void {
  if (memory instanceof ArrayBuffer && memory.byteLength >= minBytes) memory.transfer(0)
}

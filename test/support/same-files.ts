// Whether a data directory came back file by file: what a raw restore promises.
import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

/** Made anew by every server, or written for people. */
const notTaken =
  /^(ibtmp\d+|#innodb_temp\/.+|#ib_.*dblwr|#innodb_redo\/#ib_redo\d+_tmp|.*\.(pid|sock|lock|err)|.*-slow\.log)(\/|$)/

/** Every file of the stopped server is there again, with the bytes, the length and the mode it had, and no other. */
export async function assertSameFiles(source: string, restored: string): Promise<void> {
  const names = (await readdir(source, { recursive: true })).filter((name) => !notTaken.test(name))
  assert.ok(names.includes('shop/orders.ibd'))
  assert.deepEqual((await readdir(restored, { recursive: true })).toSorted(), names.toSorted())
  for (const name of names) {
    const [from, to] = [path.join(source, name), path.join(restored, name)]
    const [had, has] = await Promise.all([stat(from), stat(to)])
    assert.equal(has.mode, had.mode, name)
    if (has.isFile()) assert.ok((await readFile(to)).equals(await readFile(from)), name)
  }
}

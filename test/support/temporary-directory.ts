// A folder for one test that is gone afterwards, even when the test process is killed.
import { guardedFolder } from '../../scripts/servers/warden.ts'

/** `await using folder = await temporaryDirectory()`; servers with a data directory inside are killed with it. */
export function temporaryDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  return guardedFolder('hf-test')
}

// The first file of a reader's thread: what was compiled before is found again only by files that are imported after this was said.
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./read-here.ts')

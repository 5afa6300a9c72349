import type { VerbRun } from '../verb.ts'
export const run: VerbRun = async () => ({ text: '', json: {} })

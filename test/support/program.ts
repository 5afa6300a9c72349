// Which Holdfast is tested: what is shipped, where a run of the suite built it; else the sources, for one file run alone.
import { fileURLToPath } from 'node:url'

/** Runs the sources of this working copy. */
export const sourceProgram = fileURLToPath(new URL('../../bin/holdfast.js', import.meta.url))

export const program = process.env['HOLDFAST_TEST_PROGRAM'] ?? sourceProgram

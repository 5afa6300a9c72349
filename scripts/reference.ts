// Writes docs/reference/ from the tables of the program: `npm run reference`. A test compares the pages with the tables.
import { mkdirSync, writeFileSync } from 'node:fs'
import { referencePages } from './reference-pages.ts'

const folder = new URL('../docs/reference/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, text] of referencePages()) writeFileSync(new URL(name, folder), text)

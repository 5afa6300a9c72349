// From what somebody said of definitions, rows and columns to what of them goes into a backup.
import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { HoldfastError } from '../core/errors.ts'
import { parseColumnName, parseTableName, splitRule } from '../core/name-list.ts'
import type { BackupFilters, Parts } from '../logical/filters/backup-filters.ts'
import { parseMaskMethod } from '../logical/masking/mask-method.ts'

/** As people write them. */
export interface FilterRequest {
  readonly isStructureOnly?: boolean | undefined
  readonly isDataOnly?: boolean | undefined
  /** `schema.table:condition` */
  readonly where?: readonly string[] | undefined
  /** `schema.table.column:method` */
  readonly masks?: readonly string[] | undefined
  /** A file with what keyed masks make their values with. */
  readonly maskKeyFile?: string | undefined
}

/** Throws USAGE for what contradicts itself or cannot be understood, CONFIG_INVALID for a key that is none. */
export async function parseFilters(request: FilterRequest): Promise<BackupFilters> {
  const parts = parseParts(request)
  const where = (request.where ?? []).map((text) => {
    const { name, rule } = splitRule(text)
    return { ...parseTableName(name), condition: rule }
  })
  const masks = (request.masks ?? []).map((text) => {
    const { name, rule } = splitRule(text)
    return { ...parseColumnName(name), method: parseMaskMethod(rule) }
  })
  const maskKey = request.maskKeyFile === undefined ? undefined : await readMaskKey(request.maskKeyFile)
  return { parts, where, masks, maskKey }
}

/** Throws USAGE for both at once. */
export function parseParts({
  isStructureOnly,
  isDataOnly,
}: Pick<FilterRequest, 'isStructureOnly' | 'isDataOnly'>): Parts | undefined {
  if (isStructureOnly === true && isDataOnly === true) {
    throw new HoldfastError('USAGE', '--structure-only and --data-only exclude each other')
  }
  if (isStructureOnly === true) return 'structure'
  return isDataOnly === true ? 'data' : undefined
}

const leastKeyBytes = 16

/** Made of the file's bytes: what servers are told, and may log, is good for nothing but masks. */
async function readMaskKey(file: string): Promise<Buffer> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new HoldfastError('CONFIG_INVALID', `cannot read the key ${file}`, { file }, { cause: error })
  })
  if (bytes.length < leastKeyBytes) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `${file} has ${bytes.length} bytes, and a key needs ${leastKeyBytes}`,
      { file },
      { hint: 'Make one with: head -c 32 /dev/urandom > mask.key' },
    )
  }
  return createHmac('sha256', bytes).update('holdfast mask 1').digest()
}

// The grammar of MySQL's option files: groups, options, quotes, escapes, comments and include directives.
// Source: mysys/my_default.cc (search_default_file_with_ext) and "Using Option Files" in the manual.
import { HoldfastError } from '../core/errors.ts'

export interface OptionLine {
  readonly kind: 'option'
  readonly group: string
  /** In lower case with `-` for `_` and without `loose-`: `ssl_mode` and `loose-ssl-mode` are both `ssl-mode`. */
  readonly name: string
  /** Absent for an option that stands alone, such as `compress`. */
  readonly value?: string
  /** Whether the reader may not know this option. */
  readonly isLoose: boolean
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

export interface IncludeLine {
  readonly kind: 'include' | 'includedir'
  readonly path: string
  readonly file: string
  readonly line: number
}

/** Throws CONFIG_INVALID with file and line. */
export function parseOptionFile(text: string, file: string): readonly (OptionLine | IncludeLine)[] {
  const lines: (OptionLine | IncludeLine)[] = []
  let group: string | undefined
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1
    // Comments, directives and groups count only at the start of a line.
    const content = raw.trim()
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue
    if (content.startsWith('!')) {
      lines.push(parseDirective(content, file, line))
    } else if (content.startsWith('[')) {
      group = parseGroup(content, file, line)
    } else {
      if (group === undefined) throw invalid(file, line, 'an option stands before the first [group]')
      lines.push(parseOption(content, group, file, line))
    }
  }
  return lines
}

/** Names are equal when they differ in `-` and `_` only. */
export function normalizeOptionName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

export function invalid(file: string, line: number, what: string): HoldfastError {
  return new HoldfastError('CONFIG_INVALID', `${file}:${line}: ${what}`, { file, line })
}

function parseDirective(content: string, file: string, line: number): IncludeLine {
  const [, kind, path = ''] = /^!(include|includedir)\s+(.*)$/.exec(content) ?? []
  if (kind !== 'include' && kind !== 'includedir') {
    throw invalid(file, line, 'only !include PATH and !includedir PATH may begin with "!"')
  }
  return { kind, path: path.trim(), file, line }
}

function parseGroup(content: string, file: string, line: number): string {
  const end = content.indexOf(']')
  if (end < 0) throw invalid(file, line, 'the group name has no closing "]"')
  return content.slice(1, end).trim()
}

function parseOption(content: string, group: string, file: string, line: number): OptionLine {
  const option = withoutComment(content).trimEnd()
  const equals = option.indexOf('=')
  const name = normalizeOptionName((equals < 0 ? option : option.slice(0, equals)).trim())
  if (name === '') throw invalid(file, line, 'an option name is missing before "="')
  const isLoose = name.startsWith('loose-')
  return {
    kind: 'option',
    group,
    name: isLoose ? name.slice('loose-'.length) : name,
    ...(equals < 0 ? {} : { value: unescape(unquote(option.slice(equals + 1).trim())) }),
    isLoose,
    file,
    line,
  }
}

/** A `#` within a line begins a comment unless it stands in quotes; a `;` does not. As find_end_comment in my_default.cc. */
function withoutComment(content: string): string {
  let quote: string | undefined
  let isEscaped = false
  for (let index = 0; index < content.length; index++) {
    const character = content[index]
    if ((character === '"' || character === "'") && !isEscaped) {
      if (quote === undefined) quote = character
      else if (quote === character) quote = undefined
    }
    if (quote === undefined && character === '#') return content.slice(0, index)
    isEscaped = quote !== undefined && character === '\\' && !isEscaped
  }
  return content
}

function unquote(value: string): string {
  const first = value[0]
  const isQuoted = (first === '"' || first === "'") && value.length > 1 && value.endsWith(first)
  return isQuoted ? value.slice(1, -1) : value
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  s: ' ',
  '"': '"',
  "'": "'",
  '\\': '\\',
}

/** Escapes count with and without quotes. A backslash before anything else stays. */
function unescape(value: string): string {
  return value.replaceAll(/\\(.)/gs, (both, character: string) => escapes[character] ?? both)
}

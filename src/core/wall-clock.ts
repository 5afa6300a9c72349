// Times as people write them, to microseconds since 1970 UTC; refuses those that name no moment, or two.

export type WallClock =
  | { readonly kind: 'time'; readonly timeMicros: number }
  | { readonly kind: 'problem'; readonly problem: string }

const shape = new RegExp(
  '^(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})[Tt ](?<hour>[0-9]{2}):(?<minute>[0-9]{2})' +
    '(:(?<second>[0-9]{2})([.,](?<fraction>[0-9]+))?)?' +
    '\\s*(?<zone>Z|z|[+-][0-9]{2}:?[0-9]{2}|local|\\[[A-Za-z0-9_+/-]+\\])?$',
)

/**
 * Reads an ISO 8601 date and time with a zone: `Z`, an offset, `local` or `[Area/City]`. Seconds may be left out; their
 * fraction has one to six digits. `timeZone` is the IANA zone that `local` stands for.
 */
export function parseWallClock(text: string, timeZone?: string): WallClock {
  const groups = shape.exec(text)?.groups
  if (groups === undefined) {
    if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text))
      return problem('a day is not a moment; add a time and a zone')
    return problem('it is no date and time of the form 2026-03-29T14:05:09Z')
  }
  const fraction = groups['fraction'] ?? ''
  if (fraction.length > 6) return problem('servers know microseconds at most: six digits after the second')
  const micros = Number(fraction.padEnd(6, '0'))
  const asUtcMs = fieldsAsUtc(groups)
  if (asUtcMs === undefined) return problem('there is no such date or time of day')
  const zone = groups['zone']
  if (zone === undefined) {
    return problem(`it names no zone; write ${text}Z, ${text}+02:00 or '${text} local'`)
  }
  if (zone === 'Z' || zone === 'z') return at(asUtcMs, micros)
  if (zone.startsWith('+') || zone.startsWith('-')) {
    const minutes = offsetMinutes(zone)
    return minutes === undefined
      ? problem(`there is no such offset: ${zone}`)
      : at(asUtcMs - minutes * 60_000, micros)
  }
  const area =
    zone === 'local' ? (timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone) : zone.slice(1, -1)
  return inArea(asUtcMs, micros, area, text)
}

function at(ms: number, micros: number): WallClock {
  return { kind: 'time', timeMicros: ms * 1000 + micros }
}

function problem(text: string): WallClock {
  return { kind: 'problem', problem: text }
}

function fieldsAsUtc(groups: Readonly<Record<string, string>>): number | undefined {
  const [year, month, day, hour, minute] = ['year', 'month', 'day', 'hour', 'minute'].map((name) =>
    Number(groups[name]),
  )
  const second = Number(groups['second'] ?? 0)
  const date = new Date(0)
  date.setUTCFullYear(year ?? 0, (month ?? 0) - 1, day)
  date.setUTCHours(hour ?? 0, minute, second)
  // Date carries 31 April over into May, and 24:00 or a leap second into the next day or minute: none is what was written.
  const isSame =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() + 1 === month &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second
  return isSame ? date.getTime() : undefined
}

function offsetMinutes(zone: string): number | undefined {
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 14 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** A wall clock in an area: clocks that go back show an hour twice, clocks that go forward leave one out. */
function inArea(asUtcMs: number, micros: number, area: string, text: string): WallClock {
  const dayMs = 86_400_000
  let offsets: Set<number>
  try {
    offsets = new Set([areaOffsetMs(asUtcMs - dayMs, area), areaOffsetMs(asUtcMs + dayMs, area)])
  } catch (error) {
    if (error instanceof RangeError) return problem(`there is no time zone ${area}`)
    throw error
  }
  const moments = [...offsets]
    .map((offset) => asUtcMs - offset)
    .filter((moment) => areaOffsetMs(moment, area) === asUtcMs - moment)
  const [moment, other] = moments
  if (moment === undefined)
    return problem(`clocks in ${area} skipped that time; write it with Z or an offset`)
  if (other !== undefined) {
    const choices = moments
      .toSorted((a, b) => a - b)
      .map((ms) => new Date(ms).toISOString().replace('.000Z', 'Z'))
      .join(' or ')
    return problem(`clocks in ${area} showed ${text} twice; write ${choices}`)
  }
  return at(moment, micros)
}

/** How far the area's clocks are ahead of UTC at a moment. */
function areaOffsetMs(ms: number, area: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: area,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(ms)
  const field = (type: string): number => Number(parts.find((part) => part.type === type)?.value)
  const wall = Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
  )
  return wall - Math.floor(ms / 1000) * 1000
}

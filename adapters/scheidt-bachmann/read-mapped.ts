// Owns reading one mapped message: its mediums, its times, the question at the gate.
// Must not guess what the map does not say; what is missing is told with the paths that the message does have.
import {
  type Direction,
  type FieldError,
  type GateQuestion,
  instantsOfWallTime,
  type ReportedCredential,
} from '../../core/plugin/index.ts'
import { at, listAt, pathsIn, textAt } from './document.ts'
import type { FieldMap } from './field-map.ts'

export type Mapped<T> = { kind: 'ok'; value: T } | { kind: 'wrong'; errors: FieldError[] }

export function wrong(pointer: string, message: string): { kind: 'wrong'; errors: FieldError[] } {
  return { kind: 'wrong', errors: [{ pointer, message }] }
}

const mostMediums = 20

export function mediumsOf(document: unknown, path: string | undefined, map: FieldMap): Mapped<ReportedCredential[]> {
  if (path === undefined) return { kind: 'ok', value: [] }
  const list = listAt(document, path, mostMediums)
  if (list === 'too_many') return wrong(path, `holds more than ${mostMediums} mediums`)
  const credentials: ReportedCredential[] = []
  for (const [index, item] of list.entries()) {
    const value = textAt(item, map.medium.value, 256)
    if (value === undefined) continue
    const word = textAt(item, map.medium.type)
    // A map without a type says: it is always a plate, the one medium that all public descriptions have.
    const kind = map.medium.type === undefined ? 'plate' : kindOf(word, map)
    const where = `${path}${list.length > 1 ? `/${index}` : ''}${map.medium.type ?? ''}`
    if (kind === undefined) return wrong(where, `is "${(word ?? '').slice(0, 40)}", which mediumWords does not know`)
    const encoding = textAt(item, map.medium.encoding, 32)?.toLowerCase()
    const country = countryOf(textAt(item, map.medium.country, 60), map)
    credentials.push({
      kind,
      value,
      // Plates come with the encoding HEX although they are plain text (all public samples).
      ...(encoding && kind !== 'plate' ? { encoding } : {}),
      ...(country && kind === 'plate' ? { country } : {}),
    })
  }
  return { kind: 'ok', value: credentials }
}

function kindOf(word: string | undefined, { mediumWords }: FieldMap) {
  if (word === undefined) return undefined
  return Object.entries(mediumWords).find(([name]) => name.toLowerCase() === word.toLowerCase())?.[1]
}

function countryOf(word: string | undefined, { countryWords }: FieldMap): string | undefined {
  if (word === undefined) return undefined
  const upper = word.toUpperCase()
  return Object.hasOwn(countryWords, upper) ? countryWords[upper] : /^[A-Z]{2}$/.test(upper) ? upper : undefined
}

export function directionOf(word: string | undefined, map: FieldMap): Direction | undefined {
  const among = (list: readonly string[]) => list.some((each) => each.toLowerCase() === word?.toLowerCase())
  return among(map.entryWords) ? 'entry' : among(map.exitWords) ? 'exit' : undefined
}

/** Times with an offset, wall times of the zone (of two, the first: the hub's own order of facts does the rest), or epoch milliseconds. */
export function instantOf(text: string | undefined, zone: string): Date | undefined {
  if (text === undefined) return undefined
  if (/^\d{12,14}$/.test(text)) return new Date(Number(text))
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?$/i.exec(text)
  if (!match) return undefined
  const [, date = '', time = '', offset] = match
  const day = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return undefined
  if (offset !== undefined) {
    const zoned = new Date(`${date}T${time}${/^z$/i.test(offset) ? 'Z' : offset.replace(/^(...)(\d\d)$/, '$1:$2')}`)
    return Number.isNaN(zoned.getTime()) ? undefined : zoned
  }
  try {
    return instantsOfWallTime(`${date}T${time}`, zone)[0]
  } catch {
    return undefined
  }
}

export interface QuestionContext {
  map: FieldMap
  zone: string
  now: Date
  /** Names a question that brings no id of its own. */
  newId(): string
}

export function questionOf(document: unknown, { map, zone, now, newId }: QuestionContext): Mapped<GateQuestion> {
  const { question } = map
  const mediums = mediumsOf(document, question.mediums, map)
  if (mediums.kind === 'wrong') return mediums
  if (mediums.value.length === 0)
    return wrong(
      `${question.mediums ?? ''}${map.medium.value ?? ''}`,
      `holds no medium. The message has ${pathsIn(document).join(', ')}`,
    )
  const said = textAt(document, question.direction)
  const direction = said === undefined ? 'entry' : directionOf(said, map)
  if (direction === undefined)
    return wrong(question.direction ?? '', `is "${said?.slice(0, 40)}", which is no word for entry or exit`)
  const lane = textAt(document, question.lane)
  if (question.lane !== undefined && lane === undefined && at(document, question.lane) !== undefined)
    return wrong(question.lane, 'is no name of a lane')
  return {
    kind: 'ok',
    value: {
      requestId: textAt(document, question.requestId) ?? newId(),
      lane: lane ?? 'unknown',
      direction,
      credentials: mediums.value,
      occurredAt: instantOf(textAt(document, question.time), zone) ?? now,
    },
  }
}

// Owns the step from what a vendor's file picked out of a message to a report: names, times, plates that are none.
// Must not know where in a message anything stood.
import type { PlateRead, ReaderReport } from '../../../core/plugin/index.ts'
import { type BodyProblem, bad } from '../body/body-problem.ts'
import type { Message, Movement, Outcome, Settings } from '../vendor.ts'
import { defined, type Field, number, text } from './fields.ts'
import { type ImageSource, readImages } from './images.ts'
import { plateText } from './plate.ts'
import { minuteOf, readId } from './read-id.ts'
import { type ReadTime, readEpoch, readTime } from './read-time.ts'

export type SightTime =
  | ({ kind: 'found'; written: string } & ReadTime)
  | { kind: 'missing' }
  | { kind: 'wrong'; problem: BodyProblem }

type Optional = Omit<PlateRead, 'id' | 'revision' | 'reader' | 'takenAt' | 'plate' | 'movement' | 'images'>

export interface Sight {
  /** The vendor's name of the read, where it has one. */
  id?: string | undefined
  revision?: number
  reader: string | undefined
  time: SightTime
  plate: Field
  noPlateWords?: readonly string[]
  movement?: { word: string | undefined; words: Readonly<Record<string, Movement>> }
  images?: readonly ImageSource[]
  details: { [K in keyof Optional]?: Optional[K] | undefined }
}

/** Where neither the message nor the address names the camera. */
const nameless = 'camera'

export function readerOf(message: Message, named: string | undefined): string {
  return message.reader ?? named ?? nameless
}

export function aliveOnly(message: Message, named?: string): Outcome {
  return { kind: 'read', reports: [], alive: [readerOf(message, named)], notes: [] }
}

export function writtenTime(from: Field, patterns: readonly string[], message: Message, zone?: string): SightTime {
  const written = text(from, 64)
  if (written === undefined) return { kind: 'missing' }
  const time = readTime(written, { patterns, zone, receivedAt: message.receivedAt })
  return time
    ? { kind: 'found', written, ...time }
    : { kind: 'wrong', problem: { pointer: from.pointer, message: 'is no time that can be read' } }
}

export function epochTime(from: Field, perSecond: number, message: Message): SightTime {
  const written = text(from, 64)
  if (written === undefined) return { kind: 'missing' }
  const value = number(from)
  const time = value === undefined ? undefined : readEpoch(value, perSecond, message.receivedAt)
  return time
    ? { kind: 'found', written, ...time }
    : { kind: 'wrong', problem: { pointer: from.pointer, message: 'is no time since 1970' } }
}

/** One outcome of all that was seen in one message; the first problem stands for all, so that the camera sends all again. */
export function outcomeOf(sights: readonly Sight[], message: Message, settings: Settings): Outcome {
  const reports: ReaderReport[] = []
  const alive = new Set<string>()
  const notes: string[] = []
  for (const sight of sights) {
    const reader = readerOf(message, sight.reader)
    const plate = plateText(text(sight.plate, 100), sight.noPlateWords)
    if (plate.kind === 'none') {
      alive.add(reader)
      continue
    }
    if (plate.kind === 'too_long') return bad(sight.plate.pointer, 'is longer than any plate')
    if (sight.time.kind === 'wrong') return { kind: 'problem', problem: sight.time.problem }
    const { time } = sight
    if (time.kind === 'found' && time.note !== undefined) notes.push(time.note)
    const written = time.kind === 'found' ? time.written : minuteOf(message.receivedAt)
    const { movement } = sight
    reports.push(
      defined<{ type: 'plate' } & PlateRead>({
        type: 'plate',
        id: sight.id ?? readId(reader, written, plate.plate),
        revision: sight.revision ?? 1,
        reader,
        takenAt: time.kind === 'found' ? time.takenAt : message.receivedAt,
        plate: plate.plate,
        movement: movementOf(movement?.word, settings.movements, movement?.words ?? {}),
        images: readImages(sight.images ?? [], settings.images),
        original: undefined,
        confidence: undefined,
        charConfidence: undefined,
        country: undefined,
        region: undefined,
        candidates: undefined,
        arrivalId: undefined,
        vehicle: undefined,
        backfilled: undefined,
        ...sight.details,
      }),
    )
  }
  for (const { reader } of reports) alive.delete(reader)
  return { kind: 'read', reports, alive: [...alive], notes }
}

function movementOf(
  word: string | undefined,
  own: Readonly<Record<string, Movement>>,
  vendors: Readonly<Record<string, Movement>>,
): Movement | undefined {
  if (word === undefined) return undefined
  const lower = word.toLowerCase()
  for (const words of [own, vendors]) {
    const key = Object.keys(words).find((each) => each.toLowerCase() === lower)
    if (key !== undefined) return words[key]
  }
  return undefined
}

/** A vehicle with at least one fact, words for "unknown" left out. */
export function vehicleOf(
  facts: Record<'make' | 'model' | 'color' | 'kind', string | undefined>,
): PlateRead['vehicle'] | undefined {
  const known = Object.entries(facts).filter(
    ([, fact]) => fact !== undefined && !/^(unknown|other|none|0|-1)$/i.test(fact),
  )
  return known.length === 0 ? undefined : Object.fromEntries(known)
}

/** The camera's other guesses; the plate itself is none of them. */
export function candidatesOf(
  guesses: readonly { plate: string | undefined; confidence: number | undefined }[],
  plate: string | undefined,
): PlateRead['candidates'] | undefined {
  const others = guesses.flatMap(({ plate: guess, confidence }) =>
    guess === undefined || guess === plate || guess.length > 32
      ? []
      : [confidence === undefined ? { plate: guess } : { plate: guess, confidence }],
  )
  return others.length === 0 ? undefined : others.slice(0, 20)
}

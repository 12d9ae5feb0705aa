// Owns a first guess at a mapping from a file's own first lines: delimiter, header, how times are written, columns by their names.
// Must not be believed: it is shown, tried dry and saved by a person.
import { readCells } from '../csv/cell-machine.ts'
import { type FieldName, fieldNames, fields } from './fact-fields.ts'
import type { FactSpec, Mapping, ValueSource } from './mapping-schema.ts'
import { readInstant } from './time-pattern.ts'

const delimiters = [',', ';', '\t', '|'] as const
/** Day before month and month before day are told apart by the rows; of two that fit all, the first. */
const patterns = [
  'iso',
  'yyyy-MM-dd H:mm',
  'dd.MM.yyyy H:mm:ss',
  'dd.MM.yyyy H:mm',
  'd.M.yyyy H:mm:ss',
  'd.M.yyyy H:mm',
  'd.M.yy H:mm',
  'M/d/yyyy h:mm:ss a',
  'M/d/yyyy h:mm a',
  'M/d/yyyy H:mm:ss',
  'M/d/yyyy H:mm',
  'd/M/yyyy H:mm:ss',
  'd/M/yyyy H:mm',
  'yyyy/MM/dd H:mm:ss',
  'yyyyMMddHHmmss',
  'yyyyMMdd HHmmss',
  'MMddyyyy_HHmm',
  'epoch',
  'epochMs',
] as const

export const plainWord = (text: string) =>
  text
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')

/** The one that cuts most lines into the same number of cells, more than one. */
export function delimiterOf(lines: readonly string[]): string {
  const scored = delimiters.map((delimiter) => {
    const counts = lines.map((line) => readCells(line, delimiter).length)
    const [first = 1] = counts
    const same = counts.filter((count) => count === first && count > 1).length
    return { delimiter, score: same * 1_000 + first }
  })
  return scored.reduce((best, one) => (one.score > best.score ? one : best)).delimiter
}

/** A header has words only, each once. */
export function hasHeader([first = []]: readonly (readonly string[])[]): boolean {
  const names = first.map(plainWord)
  const known = names.filter((name) =>
    fieldNames.some((field) => (fields[field].known as readonly string[]).includes(name)),
  )
  const wordy = first.every((cell) => !/\d/.test(cell) && cell.trim() !== '')
  return known.length > 0 || (wordy && new Set(names).size === names.length)
}

export function proposeMapping(
  delimiter: string,
  header: boolean,
  rows: readonly (readonly string[])[],
): Mapping | null {
  const names = header ? (rows[0] ?? []) : []
  const body = header ? rows.slice(1) : rows
  const cellsAt = (i: number) => body.map((cells) => (cells[i] ?? '').trim()).filter(Boolean)
  const isDate = (i: number) =>
    cellsAt(i).length > 0 && cellsAt(i).every((cell) => /^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}$/.test(cell))
  const isClock = (i: number) =>
    cellsAt(i).length > 0 && cellsAt(i).every((cell) => /^\d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?$/.test(cell))

  const found = new Map<FieldName, ValueSource>()
  const texts = new Map<FieldName, string[]>()
  const taken = new Set<number>()
  const columnsOf = (field: FieldName) =>
    names.flatMap((name, i) =>
      !taken.has(i) && (fields[field].known as readonly string[]).includes(plainWord(name)) ? [i] : [],
    )
  // Fields in the order of their table would give "time" an entry's column; the longer words go first.
  const order = [
    ...fieldNames.filter((name) => name !== 'occurredAt' && name !== 'area'),
    'area',
    'occurredAt',
  ] as FieldName[]
  for (const field of order) {
    const columns = columnsOf(field)
    const [date, clock] = [columns.find(isDate), columns.find(isClock)]
    if (fields[field].kind === 'instant' && date !== undefined && clock !== undefined) {
      found.set(field, { columns: [names[date] ?? '', names[clock] ?? ''] })
      texts.set(field, body.map((cells) => `${cells[date] ?? ''} ${cells[clock] ?? ''}`.trim()).filter(Boolean))
      taken.add(date).add(clock)
      continue
    }
    const column = columns.find((i) => fields[field].kind !== 'instant' || !(isClock(i) || isDate(i)))
    if (column === undefined) continue
    found.set(field, { column: names[column] ?? '' })
    texts.set(field, cellsAt(column))
    taken.add(column)
  }
  const times = timesOf(
    (['enteredAt', 'exitedAt', 'occurredAt', 'paidUntil'] as const).flatMap((field) => texts.get(field) ?? []),
  )
  const facts = factsFrom(found, texts)
  if (facts.length === 0) return null
  const key = ['stayRef', 'ticket', 'vendorTransaction']
    .flatMap((field) => found.get(field as FieldName)?.column ?? [])
    .slice(0, 1)
  return { delimiter, header, times, key, facts }
}

function timesOf(texts: readonly string[]): string[] {
  const fitting = patterns.filter(
    (pattern) => texts.length > 0 && texts.every((text) => readInstant(text, [pattern], 'UTC').kind === 'ok'),
  )
  if (fitting[0] !== undefined) return [fitting[0]]
  const some = patterns.filter((pattern) => texts.some((text) => readInstant(text, [pattern], 'UTC').kind === 'ok'))
  return some.length > 0 ? some.slice(0, 3) : ['iso']
}

const directions = {
  in: 'entry',
  entry: 'entry',
  entrance: 'entry',
  einfahrt: 'entry',
  entrada: 'entry',
  e: 'entry',
  out: 'exit',
  exit: 'exit',
  ausfahrt: 'exit',
  salida: 'exit',
  a: 'exit',
  x: 'exit',
}

function factsFrom(
  found: ReadonlyMap<FieldName, ValueSource>,
  texts: ReadonlyMap<FieldName, readonly string[]>,
): FactSpec[] {
  const use = (...names: FieldName[]) =>
    Object.fromEntries(names.flatMap((name) => (found.has(name) ? [[name, found.get(name) as ValueSource]] : [])))
  const who = use('plate', 'plateCountry', 'card', 'ticket', 'qr', 'app', 'emaid', 'phone')
  const [entered, exited, at, amount] = (['enteredAt', 'exitedAt', 'occurredAt', 'amount'] as const).map((name) =>
    found.get(name),
  )
  const filled = (source: ValueSource) => ({ column: source.column ?? source.columns?.[0] ?? '', filled: true })
  const reference = found.get('stayRef') ?? found.get('ticket')
  const facts: FactSpec[] = []
  if (entered && reference) {
    const stay = { stayRef: reference, ...use('lane', 'parkerKind'), ...who }
    facts.push({ type: 'stay.opened', when: [filled(entered)], fields: { occurredAt: entered, ...stay } })
    if (exited)
      facts.push({
        type: 'stay.closed',
        when: [filled(exited)],
        fields: { occurredAt: exited, enteredAt: entered, ...stay },
      })
  } else if (at && found.has('direction')) {
    const seen = texts.get('direction') ?? []
    const strange = seen.some((word) => !['entry', 'exit', 'internal'].includes(word.toLowerCase()))
    const direction = { ...found.get('direction'), ...(strange ? { words: directions } : {}) }
    facts.push({
      type: 'gate.passed',
      fields: { occurredAt: at, direction, ...use('lane', 'device', 'stayRef', 'parkerKind'), ...who },
    })
  }
  const when = at ?? exited ?? entered
  if (amount && when) {
    const more = use('currency', 'method', 'vendorTransaction')
    const paid = { occurredAt: when, amount, ...(reference ? { stayRef: reference } : {}), ...more }
    const has = [filled(amount), filled(when)]
    facts.push({
      type: 'payment.captured',
      when: [...has, { column: has[0]?.column ?? '', sign: 'positive' }],
      fields: paid,
    })
    if ((texts.get('amount') ?? []).some((text) => text.startsWith('-')))
      facts.push({
        type: 'payment.refunded',
        when: [...has, { column: has[0]?.column ?? '', sign: 'negative' }],
        fields: paid,
      })
  }
  if (facts.length === 0 && at && (found.has('free') || found.has('occupied'))) {
    const counter = found.get('counter') ?? { constant: 'total' }
    facts.push({
      type: 'occupancy.changed',
      fields: { occurredAt: at, counter, ...use('free', 'occupied', 'capacity', 'category', 'area') },
    })
  }
  return facts
}

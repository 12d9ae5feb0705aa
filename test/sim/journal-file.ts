// Owns the reading of a downloaded message journal: JSON lines in, what the station was and its frames out.
// Must not play anything.

export interface JournalHead {
  station: string
  vendor: string | null
  model: string | null
  firmware: string | null
  protocol: string | null
  maxPowerW: number | null
  evses: { number: number; maxPowerW: number | null }[]
  flags: Record<string, unknown>
}

export interface JournalFrame {
  at: Date
  direction: 'in' | 'out'
  epoch: number
  action: string | null
  frame: string
}

export interface JournalFile {
  head: JournalHead
  frames: JournalFrame[]
  /** False when the file was cut short. */
  whole: boolean
}

type Line = Record<string, unknown>

/** @throws Error that names the line and what is wrong with it */
export function readJournal(text: string): JournalFile {
  const lines = text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [{ number: i + 1, line }]))
  const parsed = lines.map(({ number, line }) => ({ number, value: asObject(line, number) }))
  const [first, ...rest] = parsed
  if (first?.value.type !== 'journal' || first.value.version !== 1) {
    throw new Error('line 1: this is no message journal of version 1')
  }
  const frames: JournalFrame[] = []
  let announced: unknown = null
  for (const { number, value } of rest) {
    if (announced !== null) throw new Error(`line ${number}: nothing may follow the end`)
    if (value.type === 'frame') frames.push(asFrame(value, number))
    else if (value.type === 'end') announced = value.frames
    else throw new Error(`line ${number}: type must be "frame" or "end"`)
  }
  if (announced !== null && announced !== frames.length) {
    throw new Error(`the end speaks of ${String(announced)} frames, there are ${frames.length}`)
  }
  return { head: asHead(first.value), frames, whole: announced !== null }
}

function asObject(line: string, number: number): Line {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new Error(`line ${number}: no JSON`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`line ${number}: no JSON object`)
  }
  return value as Line
}

function asFrame({ at, direction, epoch, action, frame }: Line, number: number): JournalFrame {
  const time = new Date(typeof at === 'string' ? at : Number.NaN)
  if (Number.isNaN(time.getTime())) throw new Error(`line ${number}: "at" must be an instant`)
  if (direction !== 'in' && direction !== 'out') throw new Error(`line ${number}: "direction" must be "in" or "out"`)
  if (typeof epoch !== 'number') throw new Error(`line ${number}: "epoch" must be a number`)
  if (typeof frame !== 'string') throw new Error(`line ${number}: "frame" must be a text`)
  return { at: time, direction, epoch, action: typeof action === 'string' ? action : null, frame }
}

function asHead(line: Line): JournalHead {
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  const number = (value: unknown) => (typeof value === 'number' ? value : null)
  const station = text(line.station)
  if (station === null) throw new Error('line 1: "station" must be a text')
  const evses = Array.isArray(line.evses) ? (line.evses as Line[]) : []
  return {
    station,
    vendor: text(line.vendor),
    model: text(line.model),
    firmware: text(line.firmware),
    protocol: text(line.protocol),
    maxPowerW: number(line.maxPowerW),
    evses: evses.map((evse) => ({ number: number(evse.number) ?? 1, maxPowerW: number(evse.maxPowerW) })),
    flags: typeof line.flags === 'object' && line.flags !== null ? (line.flags as Record<string, unknown>) : {},
  }
}

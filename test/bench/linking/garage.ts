// Owns the seeded garage of the benchmark: cars, what gates and chargers saw of them in which order, and the truth.
// Must not call the code under test.
import type { LinkPresentation, PlateRead, SessionView, StayView } from '../../../core/domain/link/index.ts'
import { type Camera, camera } from './cameras.ts'
import { type Chance, chance } from './seeded.ts'

export interface GarageOptions {
  bays: number
  seed: number
  /** Share of plate readings with at least one wrong character. */
  plateErrors: number
  days?: number
}

/** One thing that became known, in the order in which it did. */
export type GarageFact = { at: number } & ({ stay: StayView } | { session: SessionView })

export interface BenchGarage {
  facts: GarageFact[]
  /** session → stay it truly belongs to; absent when no gate ever told of the car */
  truth: ReadonlyMap<string, string>
  /** Sessions for which gate and charger both hold something about the same identity, however badly read. */
  linkable: ReadonlySet<string>
  /** The most stays that were open at once. */
  mostOpen: number
}

/** How a driver is known at the charger. Shares of those who charge. */
const drivers = [
  ['card', 0.33],
  ['account', 0.27],
  ['vehicle', 0.08],
  ['ticket', 0.1],
  ['told-plate', 0.08],
  ['bay-camera', 0.06],
  ['stranger', 0.08],
] as const
type Driver = (typeof drivers)[number][0]

interface Car {
  id: number
  plate: string
  driver: Driver
  charges: boolean
  uid: string
  /** Bytes that the badge readers of older gates pass on. */
  enrolled: boolean
}

const minuteMs = 60_000
const dayMs = 86_400_000
const missingExits = 0.03
const missingEntries = 0.01
const unseen = 0.02
const chargingShare = 0.25
const letters = 'ABCDEFGHJKLMNPRSTUVWXYZ'
const digits = '0123456789'
const hexDigits = '0123456789ABCDEF'
const firstDay = Date.parse('2026-03-02T00:00:00Z')

export function benchGarage({ bays, seed, plateErrors, days = 2 }: GarageOptions): BenchGarage {
  const random = chance(seed * 7_919 + bays)
  const cars = Array.from({ length: Math.round(bays * 2.25) }, (_, id) => carOf(id, random))
  // Cards of one maker's batch share bytes, and a reader that passes on three of them cannot tell some apart.
  const cut = new Map<string, number>()
  for (const car of cars) if (car.enrolled) cut.set(cutOf(car.uid), (cut.get(cutOf(car.uid)) ?? 0) + 1)
  const lanes = Math.max(2, Math.round(bays / 400))
  const laneCameras = (side: string) =>
    Array.from({ length: lanes }, (_, i) => camera(`${side}${i + 1}`, plateErrors, random))
  const entries = laneCameras('E')
  const exits = laneCameras('X')
  const bayCamera = camera('bay', plateErrors, random)
  const readers = Array.from({ length: lanes }, () => cardReader(random))

  const facts: GarageFact[] = []
  const truth = new Map<string, string>()
  const linkable = new Set<string>()
  const spans: [number, number][] = []
  let serial = 0
  for (let day = 0; day < days; day++) {
    for (const car of cars) {
      if (!random.happens(0.62)) continue
      const visit = visitOf(car, firstDay + day * dayMs, random)
      const n = String(serial++).padStart(6, '0')
      const seen = {
        entry: !random.happens(missingEntries),
        exit: !random.happens(missingExits),
        any: !random.happens(unseen),
      }
      const lane = random.below(lanes)
      const stay = stayOf(`stay-${n}`, car, visit, seen, {
        entry: random.pick(entries),
        exit: random.pick(exits),
        reader: readers[lane] as CardReader,
        fits: cut.get(cutOf(car.uid)) ?? 0,
      })
      if (seen.any) {
        spans.push([visit.entered, seen.exit ? visit.exited : firstDay + days * dayMs])
        if (seen.entry) facts.push({ at: visit.entered, stay: stay.open })
        if (seen.exit) facts.push({ at: visit.exited, stay: stay.closed })
      }
      if (!car.charges) continue
      const sessionId = `session-${n}`
      const session = sessionOf(sessionId, car, visit, stay.ticket, bayCamera, random)
      facts.push({ at: visit.plugged, session: { ...session, unpluggedAt: null } }, { at: visit.unplugged, session })
      const told = seen.any && (seen.entry || seen.exit)
      if (told) truth.set(sessionId, `stay-${n}`)
      if (told && isLinkable(car, stay.closed, session)) linkable.add(sessionId)
    }
  }
  facts.sort((a, b) => a.at - b.at || (nameOf(a) < nameOf(b) ? -1 : 1))
  return { facts, truth, linkable, mostOpen: mostAtOnce(spans) }
}

function nameOf(fact: GarageFact): string {
  return 'stay' in fact ? fact.stay.id : fact.session.id
}

function carOf(id: number, random: Chance): Car {
  const { char, happens, next } = random
  let roll = next()
  const [driver] = drivers.find(([, share]) => {
    roll -= share
    return roll < 0
  }) ?? ['stranger' as const]
  const bytes = (count: number) => Array.from({ length: count * 2 }, () => char(hexDigits)).join('')
  // Seven of ten plates come from the town and its neighbour, and fleets are registered in runs: many plates are near each other.
  const local = happens(0.7)
  const plate = local
    ? `${char('MB')}${char('ABXY')}${char(letters)}${digitsOf(4, random)}`
    : `${char(letters)}${char(letters)}${char(letters)}${char(letters)}${digitsOf(3 + Number(happens(0.5)), random)}`
  return {
    id,
    plate,
    driver,
    charges: happens(chargingShare),
    uid: happens(0.6) ? `04${bytes(5)}8${char('0123')}` : `${char('123456789ABCDEF')}${bytes(3)}${char(digits)}`,
    enrolled: happens(0.9),
  }
}

function digitsOf(count: number, { char }: Chance): string {
  return char('123456789') + Array.from({ length: count - 1 }, () => char(digits)).join('')
}

interface Visit {
  entered: number
  exited: number
  plugged: number
  unplugged: number
}

/** Two of three come between half past seven and nine. */
function visitOf({ charges }: Car, day: number, { happens, next }: Chance): Visit {
  const hour = happens(0.66) ? 7.5 + (next() + next()) * 0.75 : 6 + next() * 12
  const entered = day + Math.floor(hour * 3_600_000)
  const stayed = (happens(0.6) ? 6 * 60 + next() * 180 : 20 + next() * 200) * minuteMs
  const plugged = entered + Math.floor((1.5 + next() * next() * 30) * minuteMs)
  const exited = charges ? Math.max(entered + stayed, plugged + 20 * minuteMs) : entered + stayed
  const longest = exited - plugged - 2 * minuteMs
  return { entered, exited, plugged, unplugged: plugged + Math.floor(longest * (0.35 + 0.63 * next())) }
}

type CardReader = (uid: string, fits: number) => LinkPresentation

/** Each gate's reader writes a card its own way: as it is, bytes turned round, in decimal, bytes in decimal, three bytes of it. */
function cardReader({ next }: Chance): CardReader {
  const turned = (uid: string) => (uid.match(/../g) ?? []).reverse().join('')
  const decimal = (hex: string) => BigInt(`0x${hex}`).toString()
  const roll = next()
  const card = (raw: string): LinkPresentation => ({ raw, kind: 'card' })
  if (roll < 0.3) return (uid) => card(uid)
  if (roll < 0.5) return (uid) => card(turned(uid))
  if (roll < 0.65) return (uid) => card(uid.length === 8 ? decimal(uid).padStart(10, '0') : uid)
  if (roll < 0.8) return (uid) => card(uid.length === 8 ? decimal(turned(uid)) : turned(uid))
  if (roll < 0.9) return (uid) => card((uid.match(/../g) ?? []).join(':').toLowerCase())
  return (uid, fits) => ({ ...card(cutOf(uid)), fitsEnrolled: fits })
}

function cutOf(uid: string): string {
  return (uid.slice(0, 6).match(/../g) ?? []).reverse().join('')
}

function stayOf(
  id: string,
  car: Car,
  { entered, exited }: Visit,
  seen: { entry: boolean; exit: boolean },
  by: { entry: Camera; exit: Camera; reader: CardReader; fits: number },
): { open: StayView; closed: StayView; ticket: string } {
  const { driver, plate, uid } = car
  const ticket = `0${String(entered).slice(-9)}${String(car.id).padStart(6, '0')}`
  const atEntry: PlateRead[] = seen.entry ? [by.entry(plate, new Date(entered))] : []
  const atExit: PlateRead[] = seen.exit ? [by.exit(plate, new Date(exited))] : []
  const shown: LinkPresentation[] =
    driver === 'card' ? [by.reader(uid, by.fits)] : driver === 'ticket' ? [{ raw: ticket, kind: 'ticket' }] : []
  const base = {
    id,
    siteId: 'garage',
    enteredAt: seen.entry ? new Date(entered) : null,
    presentations: shown,
    accountId: null,
    // A plate that was read right is matched to the vehicle on record.
    vehicleId: driver === 'vehicle' && atEntry.some(({ text }) => text === plate) ? `vehicle-${car.id}` : null,
    bays: [],
    parkerKind: driver === 'card' ? ('contract' as const) : ('transient' as const),
  }
  return {
    ticket,
    open: { ...base, exitedAt: null, plateReads: atEntry, state: 'open' },
    closed: {
      ...base,
      exitedAt: new Date(exited),
      plateReads: [...atEntry, ...atExit],
      state: seen.entry ? 'closed' : 'exit_only',
    },
  }
}

function sessionOf(
  id: string,
  car: Car,
  { plugged, unplugged }: Visit,
  ticket: string,
  bayCamera: Camera,
  { next }: Chance,
): SessionView {
  const { driver, plate, uid } = car
  const told = driver === 'told-plate' ? { text: plate } : null
  const { text, confidence } = bayCamera(plate, new Date(plugged))
  const read = driver === 'bay-camera' ? { text, confidence, reader: 'bay' } : null
  const shown: Partial<Record<Driver, LinkPresentation[]>> = {
    card: [{ raw: uid }],
    account: [{ raw: `app-${car.id}-4711`, kind: 'app' }],
    vehicle: [{ raw: `VID:${car.id.toString(16).padStart(12, '0').toUpperCase()}`, kind: 'mac' }],
    ticket: [{ raw: ticket, kind: 'qr' }],
    stranger: [{ raw: `PAY${car.id}${plugged}`, kind: 'app' }],
  }
  return {
    id,
    siteId: 'garage',
    evseId: `evse-${car.id}`,
    bayId: null,
    // Chargers keep their own time, within three minutes.
    pluggedAt: new Date(plugged + Math.floor((next() - 0.5) * 6 * minuteMs)),
    unpluggedAt: new Date(unplugged),
    presentations: shown[driver] ?? [],
    accountId: driver === 'account' ? `account-${car.id}` : null,
    vehicleId: driver === 'vehicle' ? `vehicle-${car.id}` : null,
    plate: told ?? read ?? (driver === 'vehicle' ? { text: plate } : null),
    accountPlates: driver === 'account' ? [plate] : [],
    idTokenKind: null,
  }
}

/** The driver's card or ticket was shown at both, or a camera read the plate by which the charger's side knows the car. */
function isLinkable({ driver }: Car, stay: StayView, session: SessionView): boolean {
  if (driver === 'stranger') return false
  if (driver === 'card' || driver === 'ticket') return stay.presentations.length > 0
  return stay.plateReads.length > 0 && (session.plate !== null || (session.accountPlates ?? []).length > 0)
}

function mostAtOnce(spans: readonly (readonly [number, number])[]): number {
  const steps = spans
    .flatMap(([from, to]) => [[from, 1] as const, [to, -1] as const])
    .sort(([a, x], [b, y]) => a - b || x - y)
  let open = 0
  return steps.reduce((most, [, change]) => {
    open += change
    return Math.max(most, open)
  }, 0)
}

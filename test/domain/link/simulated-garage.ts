// Owns a seeded garage with the truth known: cars, gates that misread, chargers that see cards differently, exits never seen.
// Must not call the code under test.
import type { LinkPresentation, SessionView, StayView } from '../../../core/domain/link/index.ts'

export interface GarageNoise {
  /** Share of plate readings with at least one wrong character. */
  plateErrors: number
  missingExits: number
  missingEntries: number
  /** Share of cars that no gate reported at all. */
  unseen: number
  /** Share of cars that are known by nothing but their plate or nothing at all. */
  visitors: number
}

export interface Garage {
  stays: StayView[]
  sessions: SessionView[]
  /** session → stay it truly belongs to; absent when the gates never saw the car */
  truth: Map<string, string>
}

const confused: Record<string, string> = {
  '0': 'OD',
  O: '0Q',
  '8': 'B',
  B: '8',
  '1': 'I',
  I: '1',
  '5': 'S',
  S: '5',
  '2': 'Z',
  Z: '2',
  '6': 'G',
  G: '6',
}
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const digits = '0123456789'

export function simulateGarage(cars: number, seed: number, noise: GarageNoise): Garage {
  let state = seed >>> 0
  const random = () => {
    // mulberry32: small, seeded, good enough for a test garage.
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const pick = (from: string) => from.charAt(Math.floor(random() * from.length))
  const chance = (share: number) => random() < share
  const hex = (bytes: number) => Array.from({ length: bytes * 2 }, () => pick('0123456789ABCDEF')).join('')
  const reversed = (text: string) => (text.match(/../g) ?? []).reverse().join('')
  // Number series of few prefixes, as in one town: many plates are near each other.
  const plate = () =>
    `${pick('MBH')}${pick('ABXY')}${pick(letters)}${pick(digits)}${pick(digits)}${pick(digits)}${pick(digits)}`

  const misread = (text: string) => {
    if (!chance(noise.plateErrors)) return text
    const at = Math.floor(random() * text.length)
    const roll = random()
    const char = text.charAt(at)
    // Six of ten errors stay in an OCR class where there is one, two lose a character, the rest are anything.
    if (roll < 0.6 && confused[char]) return text.slice(0, at) + pick(confused[char] ?? char) + text.slice(at + 1)
    if (roll < 0.8) return text.slice(0, at) + text.slice(at + 1)
    return text.slice(0, at) + pick(letters + digits) + text.slice(at + 1)
  }
  const gateForm = (uid: string): LinkPresentation => {
    const roll = random()
    if (roll < 0.5) return { raw: reversed(uid), kind: 'card' }
    return { raw: roll < 0.75 ? uid : BigInt(`0x${uid}`).toString().padStart(10, '0'), kind: 'card' }
  }

  const garage: Garage = { stays: [], sessions: [], truth: new Map() }
  const day = Date.parse('2026-03-02T06:00:00Z')
  for (let i = 0; i < cars; i++) {
    const stayId = `stay-${String(i).padStart(5, '0')}`
    const sessionId = `session-${String(i).padStart(5, '0')}`
    const entered = day + Math.floor((random() + random()) * 3 * 3_600_000)
    const plugged = entered + Math.floor((2 + random() * random() * 90) * 60_000)
    const unplugged = plugged + Math.floor((20 + random() * 240) * 60_000)
    const exited = unplugged + Math.floor((3 + random() * 120) * 60_000)
    const truePlate = plate()
    const uid = chance(0.5) ? `04${hex(5)}8${pick('0123456789ABCDEF')}` : `A${hex(3)}${pick(digits)}`
    const visitor = chance(noise.visitors)
    const carded = !visitor && chance(0.7)
    const registered = !visitor && !carded
    const noEntry = chance(noise.missingEntries)
    const noExit = chance(noise.missingExits)
    const unseen = chance(noise.unseen)
    const stay: StayView = {
      id: stayId,
      siteId: 'garage',
      enteredAt: noEntry ? null : new Date(entered),
      exitedAt: noExit ? null : new Date(exited),
      presentations: carded ? [gateForm(uid)] : [],
      plateReads: [
        ...(noEntry ? [] : [{ text: misread(truePlate), at: new Date(entered), confidence: 0.7 + random() * 0.3 }]),
        ...(noExit ? [] : [{ text: misread(truePlate), at: new Date(exited), confidence: 0.7 + random() * 0.3 }]),
      ],
      accountId: null,
      vehicleId: null,
      bays: [],
      parkerKind: carded ? 'contract' : 'transient',
      state: noExit ? 'open' : 'closed',
    }
    if (!unseen) garage.stays.push(stay)
    garage.sessions.push({
      id: sessionId,
      siteId: 'garage',
      evseId: `evse-${i}`,
      bayId: null,
      pluggedAt: new Date(plugged + Math.floor((random() - 0.5) * 6 * 60_000)),
      unpluggedAt: new Date(unplugged),
      presentations: carded ? [{ raw: uid }] : registered ? [{ raw: `app-${i}`, kind: 'app' }] : [],
      accountId: registered ? `account-${i}` : null,
      vehicleId: null,
      // Half of the visitors typed their plate into the driver page; the others paid by card and left no name.
      plate: visitor && chance(0.5) ? { text: truePlate } : null,
      accountPlates: registered ? [truePlate] : [],
      idTokenKind: null,
    })
    if (!unseen) garage.truth.set(sessionId, stayId)
  }
  return garage
}

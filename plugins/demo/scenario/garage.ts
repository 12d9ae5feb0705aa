// Owns the simulated garage as built: levels, bays, lanes with their readers, stations with version and deviation.
// Must not know people or time.
import type { Random } from '../random.ts'
import { type OcppVersion, type QuirkRow, quirkRows } from '../station/index.ts'
import type { AcnStation } from './acn.ts'
import type { ReaderForm } from './cards.ts'
import type { BaySetup, SiteSetup, StationSetup, TariffSetup } from './month.ts'
import type { NoiseProfile } from './noise.ts'

export interface Lane {
  code: string
  name: string
  direction: 'entry' | 'exit'
  reader: ReaderForm
  /** The lane asks the hub before it opens; the other lanes know their parkers. */
  asks: boolean
}

export interface Garage {
  lanes: readonly Lane[]
  bays: readonly BaySetup[]
  stations: readonly StationSetup[]
  site: Pick<SiteSetup, 'code' | 'name' | 'timeZone' | 'currency' | 'areas' | 'bays' | 'lanes' | 'stations' | 'tariffs'>
}

/** Nameplate of a 32 A charger at 240 V; at the garage's 208 V it gives 6.7 kW. */
const nameplateW = 7680

/**
 * Deviations that a garage may well own: each leaves the energy of a session known exactly, so the month must still add up.
 * `harsh` adds the ones that lose something.
 */
const benign = [
  'R3',
  'R1',
  'C1',
  'M4',
  'M3',
  'M1',
  'T4',
  'T1',
  'T6',
  '-',
  'X5',
  'W1',
  'T7',
  'J11',
  'T16',
  'M5',
  'J7',
  'J14',
]
const lossy = [
  'T8',
  'T9',
  'M7',
  'M8',
  'M9',
  'T11',
  'T12',
  'T15',
  'M11',
  'M12',
  'C2',
  'J5',
  'J6',
  'J9',
  'X2',
  'X6',
  'W14',
  'S19',
  'R4',
]

/** Without a begin-and-end register of its own, 2.0.1 has nothing to set a mislabelled register against. */
const only16 = new Set(['M4', 'X6', 'T8', 'T9'])

export function createGarage(acn: readonly AcnStation[], noise: NoiseProfile, random: Random): Garage {
  const areas = [
    { code: 'L1', name: 'Level 1' },
    { code: 'L2', name: 'Level 2' },
  ]
  const sensors = random.fork('sensors')
  const quirks = quirksFor(acn, noise, random.fork('quirks'))
  const registers = random.fork('registers')
  const cameras = new Set(
    random
      .fork('cameras')
      .shuffle(acn)
      .slice(0, Math.ceil(acn.length / 12)),
  )
  const bays: BaySetup[] = []
  const stations = acn.map((one, i): StationSetup => {
    const version = versionOf(i)
    const quirk = quirks.get(one.id) ?? null
    const area = one.pod ? 'L2' : 'L1'
    const code = `${area}-${String(i + 1).padStart(2, '0')}`
    // The two pods of the real garage hang together; here they are the ones with cameras over every bay.
    const sensor = one.pod || sensors.chance(0.3) ? 'plates' : sensors.pick(['presence', 'none'] as const)
    bays.push({ code, area, kind: 'ev', sensor })
    return {
      id: one.id,
      version,
      vendor: 'Arroyo Simulated',
      model: `${version === 'ocpp1.6' ? 'A16' : 'A201'}${quirk && quirk.row !== '-' ? `-${quirk.row}` : ''}${quirk?.row === '-' ? '-silent' : ''}`,
      txStartPoint: i % 4 === 1 ? 'EVConnected' : 'Authorized',
      quirk: quirk ? quirk.row : null,
      quirks: {
        ...(i % 3 === 0 ? { noBootOnReconnect: true } : {}),
        ...(noise.chargerDoubles > 0 ? { doubleSend: noise.chargerDoubles } : {}),
        ...quirk?.quirks,
      },
      registerWh: registers.int(50_000, 9_000_000),
      evses: [{ number: 1, code: `${one.id}-1`, bay: code, maxPowerW: nameplateW }],
      camera: cameras.has(one),
    }
  })
  for (let i = 1; i <= 60; i++) {
    bays.push({ code: `L1-P${String(i).padStart(2, '0')}`, area: 'L1', kind: 'standard', sensor: 'none' })
  }
  const lanes: Lane[] = [
    { code: 'E1', name: 'Entry north', direction: 'entry', reader: 'wiegand34', asks: true },
    {
      code: 'E2',
      name: 'Entry south',
      direction: 'entry',
      reader: noise.lossyReaders === 'all' ? 'wiegand26' : 'hexReversed',
      asks: false,
    },
    { code: 'X1', name: 'Exit north', direction: 'exit', reader: 'hexCheckByte', asks: false },
    {
      code: 'X2',
      name: 'Exit south',
      direction: 'exit',
      reader: noise.lossyReaders === 'none' ? 'hexReversed' : 'wiegand26',
      asks: false,
    },
  ]
  return {
    lanes,
    bays,
    stations,
    site: {
      code: 'ARROYO',
      name: 'Arroyo Garage',
      timeZone: 'America/Los_Angeles',
      currency: 'USD',
      areas,
      bays,
      lanes: lanes.map(({ code, name, direction }) => ({ code, name, direction })),
      stations,
      tariffs,
    },
  }
}

const versionOf = (index: number): OcppVersion => (index % 2 === 0 ? 'ocpp1.6' : 'ocpp2.0.1')

function quirksFor(acn: readonly AcnStation[], noise: NoiseProfile, random: Random): Map<string, QuirkRow> {
  const rows = noise.name === 'harsh' ? [...lossy, ...benign] : benign
  const chosen = new Map<string, QuirkRow>()
  const given = new Map<OcppVersion, number>()
  for (const index of random.shuffle(acn.map((_, i) => i)).slice(0, noise.quirkyStations)) {
    const station = acn[index]
    const version = versionOf(index)
    const usable = playable(rows, version)
    const next = given.get(version) ?? 0
    given.set(version, next + 1)
    const quirk = usable[next % usable.length]
    if (station && quirk) chosen.set(station.id, quirk)
  }
  return chosen
}

/** Each row once in its first form, in the order of `rows`, then the other forms. */
function playable(rows: readonly string[], version: OcppVersion): QuirkRow[] {
  const forms = rows
    .filter((name) => version === 'ocpp1.6' || !only16.has(name))
    .map((name) => quirkRows.filter((one) => one.row === name && one.versions.includes(version)))
  return [...forms.flatMap((list) => list.slice(0, 1)), ...forms.flatMap((list) => list.slice(1))]
}

const tariffs: readonly TariffSetup[] = [
  {
    code: 'PARK',
    name: 'Parking',
    scope: 'parking',
    rules: {
      scope: 'parking',
      tax: { code: 'city', percent: '10', included: false },
      bands: [{ everyMinutes: 30, price: '1.50' }],
      day: 'calendar',
      dayMaximum: '14.00',
      parkers: { contract: { included: true } },
      validations: { treatment: 'discount' },
    },
  },
  {
    code: 'CHARGE',
    name: 'Charging',
    scope: 'charging',
    rules: {
      scope: 'charging',
      tax: { code: 'utility', percent: '9.5', included: false },
      energy: { price: '0.28' },
      time: { price: '0.004', counts: 'charging' },
      session: { price: '0.50' },
      idle: { price: '0.02', graceMinutes: 240, maximum: '6.00' },
    },
  },
]

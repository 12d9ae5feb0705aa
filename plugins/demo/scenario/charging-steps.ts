// Owns what happens at a charger during one plug-in: cable, card, meter readings, pauses, faults, and how they are told.
// Must not know gates. The last reading of a plug-in is exactly the energy of the data.
import type { Random } from '../random.ts'
import type { Token } from '../station/index.ts'
import type { Anomaly, StationSetup, StationStep, TruthSession } from './month.ts'
import type { NoiseProfile } from './noise.ts'
import type { PlugTime } from './plug-times.ts'
import { createPowerCurve } from './power-curve.ts'
import type { Visit } from './visits.ts'

interface ChargingOptions {
  sampleMinutes: number
  idleSampleMinutes: number
}

export interface ChargingPart {
  steps: StationStep[]
  pluggedAt: Date
  unpluggedAt: Date
  charges: TruthSession['charges']
  /** What the charger was shown, in truth; the stranger's card is nobody's. */
  start: 'card' | 'app' | 'ticket' | 'stranger' | 'free'
  anomalies: Anomaly[]
}

const second = 1000
const minute = 60 * second

/** Cars' own limits: small on-board chargers, older ones, and the charger's 32 A at 208 V. */
const carPowersW = [3300, 3600, 6000, 6656, 6656]

interface Scene {
  plug: PlugTime
  visit: Visit
  station: StationSetup
  options: ChargingOptions
  noise: NoiseProfile
  /** When the next car plugs in at this charger. */
  nextPlugAt: Date | undefined
  strangerUid: string
}

export function chargingPart(scene: Scene, random: Random): ChargingPart {
  const { plug, station, noise, options } = scene
  const { pluggedAt, unpluggedAt } = plug
  const energyWh = plug.session.energyWh
  const where = { stationId: station.id, evse: 1 }
  const plugged = (unpluggedAt.getTime() - pluggedAt.getTime()) / second
  const tight = plugged < 30 * 60 || (energyWh / plugged) * 3600 > 5500
  const start = startKind(scene, random.fork('start'))
  const token = tokenFor(start, scene)
  const anomalies: Anomaly[] = [...(station.quirk ? [`quirk:${station.quirk}` as const] : [])]
  if (start === 'stranger') anomalies.push('strangerCard')
  if (start === 'free') anomalies.push('freeStart')

  const at = (seconds: number) => new Date(pluggedAt.getTime() + Math.round(seconds) * second)
  const begun = tight ? random.int(2, 8) : random.int(10, 90)
  const stopped = plugged - (tight ? 4 : random.int(10, 45))
  const curve = createPowerCurve(energyWh, wishedPower(energyWh, stopped - begun, random), stopped - begun)

  const steps: StationStep[] = [{ ...where, at: pluggedAt, kind: 'station.plugIn', session: plug.session.id }]
  const begin = (seconds: number): StationStep => {
    const base = { ...where, at: at(seconds), token }
    if (start === 'app') return { ...base, kind: 'station.appStart' }
    return start === 'free' ? { ...base, kind: 'station.freeStart' } : { ...base, kind: 'station.card' }
  }
  const early = start === 'card' && !tight && random.chance(0.2)
  // Some hold their card to the reader first and fetch the cable then.
  if (early) steps.unshift({ ...where, at: at(-20), kind: 'station.card', token })
  else steps.push(begin(begun))
  const startedAt = early ? 0 : begun

  // ---- a pause in the middle: stopped and started again, or a power cut
  const slack = stopped - begun - curve.seconds
  const pauseSeconds = random.int(3, 10) * 60
  const fault = random.next()
  const pausable = slack > pauseSeconds + 300 && curve.seconds > 900
  const pause =
    pausable && fault < noise.stopAndRestart
      ? ('stopAndRestart' as const)
      : pausable && fault < noise.stopAndRestart + noise.powerCut && start !== 'app'
        ? ('powerCut' as const)
        : null
  const pauseAt = pause ? curve.seconds * (0.25 + 0.5 * random.next()) : Number.POSITIVE_INFINITY
  const wall = (charged: number) => startedAt + charged + (charged > pauseAt ? pauseSeconds : 0)
  const charges: { startedAt: Date; stoppedAt: Date; energyWh: number }[] = []
  let firstPartWh = 0
  if (pause) {
    anomalies.push(pause)
    firstPartWh = curve.deliveredAt(pauseAt)
    const stop = at(startedAt + pauseAt)
    charges.push({ startedAt: at(startedAt), stoppedAt: stop, energyWh: firstPartWh })
    const base = { stationId: station.id, at: stop, deliveredWh: firstPartWh }
    if (pause === 'stopAndRestart') steps.push({ ...base, evse: 1, kind: 'station.stop' })
    else {
      steps.push({ ...base, kind: 'station.power', on: false })
      steps.push({ ...base, at: at(startedAt + pauseAt + pauseSeconds - 60), kind: 'station.power', on: true })
    }
    steps.push(begin(startedAt + pauseAt + pauseSeconds))
  }

  // ---- readings
  const soc = random.chance(0.3) ? random.int(15, 45) : undefined
  for (let t = options.sampleMinutes * 60; t < curve.seconds; t += options.sampleMinutes * 60) {
    const powerW = curve.powerAt(t)
    const deliveredWh = curve.deliveredAt(t)
    const level = soc === undefined ? {} : { soc: Math.min(99, soc + Math.round((50 * deliveredWh) / energyWh)) }
    steps.push({
      ...where,
      at: at(wall(t)),
      kind: 'station.meter',
      deliveredWh,
      powerW,
      currentA: Math.round((powerW / 208) * 10) / 10,
      ...level,
    })
  }

  // ---- full: the car stops taking, the cable stays in
  const full = wall(curve.seconds)
  const idles = stopped - full > 180
  if (idles) {
    steps.push({ ...where, at: at(full), kind: 'station.suspendEv', deliveredWh: energyWh })
    for (let t = full + options.idleSampleMinutes * 60; t < stopped - 60; t += options.idleSampleMinutes * 60) {
      steps.push({ ...where, at: at(t), kind: 'station.meter', deliveredWh: energyWh, powerW: 0, currentA: 0 })
    }
  }

  // ---- the end: half stop with their card and then unplug, half just unplug
  const stopsFirst = start !== 'app' && start !== 'free' && random.chance(0.5)
  const stoppedAt = stopsFirst ? stopped : plugged
  if (stopsFirst) steps.push({ ...where, at: at(stopped), kind: 'station.stop', deliveredWh: energyWh })
  steps.push({ ...where, at: unpluggedAt, kind: 'station.unplug', deliveredWh: energyWh })
  charges.push({
    startedAt: at(pause ? startedAt + pauseAt + pauseSeconds : startedAt),
    stoppedAt: at(stoppedAt),
    energyWh: energyWh - firstPartWh,
  })

  if (!pause && random.chance(noise.cablePulled)) {
    const pulled = cableSteps(scene, start, wall(curve.seconds * 0.4), random.fork('cable'))
    if (pulled.length > 0) {
      anomalies.push('cablePulled')
      steps.push(...pulled)
    }
  }
  return { steps, pluggedAt, unpluggedAt, charges, start, anomalies }
}

/** Some cars charge at once and wait, some are held back and take nearly all the time there is, as the real garage did. */
function wishedPower(energyWh: number, availableSeconds: number, random: Random): number {
  const fastest = random.pick(carPowersW)
  if (!random.chance(0.35)) return fastest
  const stretched = (energyWh / (availableSeconds * (0.4 + 0.45 * random.next()))) * 3600
  return Math.max(1400, Math.min(fastest, stretched))
}

function startKind(scene: Scene, random: Random): ChargingPart['start'] {
  const { person } = scene.visit
  if (person.kind === 'app') return 'app'
  if (person.kind === 'ticket') return random.chance(0.55) ? 'ticket' : 'free'
  return random.chance(scene.noise.strangerCard) ? 'stranger' : 'card'
}

function tokenFor(start: ChargingPart['start'], scene: Scene): Token {
  const { person, ticket } = scene.visit
  switch (start) {
    case 'app':
      return { value: person.app ?? '', type: 'Central' }
    case 'ticket':
      return { value: ticket ?? '', type: 'Central' }
    case 'stranger':
      return { value: scene.strangerUid, type: 'ISO14443' }
    case 'card':
      return { value: person.uid ?? '', type: 'ISO14443' }
    case 'free':
      // 1.6 has no token type for "nobody": such chargers send a fixed word.
      return scene.station.version === 'ocpp1.6'
        ? { value: 'FREEVEND', type: 'Local' }
        : { value: '', type: 'NoAuthorization' }
  }
}

/** The network cable is out for a while: in the middle, over the end, over the beginning, or over all of it. */
function cableSteps(scene: Scene, start: ChargingPart['start'], middle: number, random: Random): StationStep[] {
  const from = scene.plug.pluggedAt.getTime()
  const to = scene.plug.unpluggedAt.getTime()
  const latest = Math.min(
    to + random.int(5, 360) * minute,
    (scene.nextPlugAt?.getTime() ?? Number.POSITIVE_INFINITY) - 3 * minute,
  )
  const mid = from + middle * second
  // A remote start needs the network, so an app's cable is only pulled later.
  const kinds = start === 'app' ? (['middle', 'end'] as const) : (['middle', 'end', 'begin', 'all'] as const)
  const kind = random.pick(kinds)
  const out = kind === 'begin' || kind === 'all' ? from - minute : mid
  const back =
    kind === 'begin' ? mid : kind === 'middle' ? Math.min(mid + random.int(10, 240) * minute, to - minute) : latest
  const floor = kind === 'end' || kind === 'all' ? to + minute / 2 : out + 2 * minute
  if (back < floor) return []
  const base = { kind: 'station.cable' as const, stationId: scene.station.id }
  return [
    { ...base, at: new Date(out), online: false },
    { ...base, at: new Date(back), online: true },
  ]
}

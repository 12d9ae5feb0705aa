// Owns what a bay is doing, told from its sensor, its chargers, its session and its stay; and the three clocks of a session.
// Must not draw; must not merge the clocks.

/** Idle longer than this is marked as overstay, unless the site's settings say `overstayMinutes`. */
const usualOverstayMinutes = 60

export function overstayMs(site) {
  const own = site?.settings?.overstayMinutes
  return (Number.isFinite(own) && own > 0 ? own : usualOverstayMinutes) * 60_000
}

/**
 * Stay time, plugged time and energising time at `now`. What the hub has counted is taken from it; only the stretch since its
 * last report is added, and only while the session goes on. `plug` is what the station says of the plug, and since when: it is
 * all there is to tell idling by while the hub has not counted yet. Null is what nobody has told.
 */
export function clocks(session, stay, now, plug = null) {
  const periods = session.periods ?? []
  const last = periods.at(-1)
  const open = session.state === 'active' || session.state === 'ended'
  const since = open && last?.to ? Math.max(0, now - Date.parse(last.to)) : 0
  const counted = last !== undefined || session.state !== 'active'
  const charged = periods.some(({ state }) => state === 'charging')
  const reported = open && !counted && takesNothing.has(plug?.status)
  const isIdle = open && (reported || (charged && (last?.state === 'finished' || last?.state === 'suspended_vehicle')))
  const end = session.unpluggedAt === null ? now : Date.parse(session.unpluggedAt)
  const from = stay?.enteredAt ? Date.parse(stay.enteredAt) : null
  return {
    stayMs: from === null ? null : (stay.exitedAt ? Date.parse(stay.exitedAt) : now) - from,
    pluggedMs: end - Date.parse(session.pluggedAt),
    energisingMs: counted ? session.chargingSeconds * 1000 + (last?.state === 'charging' ? since : 0) : null,
    idleMs: idleMsOf({ session, reported, isIdle, since, plug, now }),
    isIdle,
  }
}

function idleMsOf({ session, reported, isIdle, since, plug, now }) {
  if (reported) return plug.since === null ? null : now - Date.parse(plug.since)
  return session.idleSeconds * 1000 + (isIdle ? since : 0)
}

const takesNothing = new Set(['suspended_vehicle', 'finishing'])
const cableIn = new Set(['preparing', 'charging', 'suspended_vehicle', 'suspended_station', 'finishing', 'occupied'])

/**
 * One bay for the map. `session` is the full record of the session in it, `stay` the stay it is linked to or that was last seen
 * in it, `plug` since when its plug has its status; all may be missing.
 */
export function bayView(bay, { session, stay, plug, now, overstay }) {
  const running = bay.session
  const { evses } = bay
  const evse =
    evses.find(({ status }) => status === 'faulted') ?? evses.find(({ status }) => cableIn.has(status)) ?? evses[0]
  const status = evse?.status ?? null
  const times = session ? clocks(session, stay, now, plug) : null
  const idleMs = times?.isIdle ? times.idleMs : null
  const seen = bay.car === null ? stay !== undefined : bay.car.occupied
  const hasCar = running !== null || seen || cableIn.has(status)
  const kind = () => {
    if (evses.some((one) => one.status === 'faulted')) return 'fault'
    if (evses.length > 0 && evses.every(({ connected }) => !connected)) return 'offline'
    if (running !== null || cableIn.has(status)) {
      const doing = pluggedKind(status, session, running?.powerW ?? 0)
      return doing === 'idle' && idleMs !== null && idleMs > overstay ? 'overstay' : doing
    }
    if (hasCar) return 'parked'
    if (status === 'reserved') return 'reserved'
    if (status === 'unavailable') return 'blocked'
    if (status === 'available' || bay.car !== null) return 'free'
    return evse === undefined ? 'bare' : 'unknown'
  }
  return {
    bay,
    kind: kind(),
    hasCar,
    evse: evse ?? null,
    idleMs,
    energyWh: running?.energyWh ?? null,
    powerW: running?.powerW ?? null,
    pluggedMs: running === null ? null : now - Date.parse(running.pluggedAt),
    link: linkOf(running),
    session: running,
    stay: stay ?? null,
  }
}

/** OCPP 2.x says only "occupied" of a plug, and some stations say nothing: then the session and its meter tell. */
export function pluggedKind(status, session, powerW) {
  if (takesNothing.has(status)) return 'idle'
  if (status === 'suspended_station') return 'paused'
  if (status === 'charging') return 'charging'
  const periods = session?.periods ?? []
  switch (periods.at(-1)?.state) {
    case 'charging':
      return 'charging'
    case 'suspended_station':
      return 'paused'
    case 'suspended_vehicle':
    case 'finished':
      return periods.some(({ state }) => state === 'charging') ? 'idle' : 'plugged'
    default:
      return powerW > 0 ? 'charging' : 'plugged'
  }
}

/** `linked`, `review`, or `none` for a car that charges and is nobody's yet. */
function linkOf(running) {
  if (running === null) return null
  if (running.stayId !== null) return 'linked'
  return running.linkState === 'review' ? 'review' : 'none'
}

/** What a person calls a stay: its plate, its ticket, or the parking system's own name of it. */
export function stayName(stay) {
  if (!stay) return null
  if (stay.plate) return stay.plate
  const shown = stay.presentations ?? []
  const best = shown.find(({ kind }) => kind === 'ticket') ?? shown.find(({ kind }) => kind === 'card') ?? shown[0]
  if (best?.raw) return `${passWords[best.kind] ?? 'Pass'} ${shortened(best.raw)}`
  return stay.stayRef ? shortened(stay.stayRef) : null
}

const passWords = { ticket: 'Ticket', card: 'Card', qr: 'Code', app: 'App', phone: 'Phone' }

/** Enough of a long number to tell it from its neighbours. */
export function shortened(text) {
  return text.length > 9 ? `…${text.slice(-6)}` : text
}

/** Stays by the bay where each was last seen, by the bay's code. */
export function staysByBay(stays) {
  const found = new Map()
  for (const stay of stays) {
    const place = (stay.bays ?? []).findLast(({ bay }) => typeof bay === 'string')
    if (!place) continue
    const other = found.get(place.bay)
    if (!other || other.at < place.at) found.set(place.bay, { at: place.at, stay })
  }
  return new Map([...found].map(([code, { stay }]) => [code, stay]))
}

export function bayCounts(views) {
  const amount = (...kinds) => views.filter(({ kind }) => kinds.includes(kind)).length
  return {
    charging: amount('charging'),
    idle: amount('idle', 'overstay'),
    taken: views.filter(({ hasCar }) => hasCar).length,
    all: views.length,
  }
}

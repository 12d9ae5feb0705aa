// Owns what the views share, worked out once for each drawing: bays with their cars, plugs, what is in trouble.
// Must not ask the hub, and must not draw.
import { bayView, overstayMs, staysByBay } from './bay-state.js'
import { byNumber, siteTimes } from './formats.js'
import { namesFor } from './names.js'

/** What the views share, worked out once for each drawing. */
export function prepare(app, memory) {
  const { data } = app
  const overview = data.get('overview')?.value ?? null
  app.site = overview?.site ?? app.sites.find(({ siteId }) => siteId === app.siteId) ?? null
  app.times = siteTimes(app.site?.timeZone ?? 'UTC')
  app.now = app.clock.now()
  app.names = namesFor(data, memory)
  app.connection = data.get('overview')?.error?.name === 'Unreachable' ? 'away' : data.stream()
  const running = [
    ...(overview?.runningSessions.items ?? []),
    ...(overview?.bays ?? []).flatMap(({ session }) => (session ? [session] : [])),
  ]
  app.liveById = new Map(running.map((session) => [session.sessionId, session]))
  app.liveSessions = [...app.liveById.values()]
  app.plugs = plugsOf(data, overview)
  const seenIn = staysByBay(data.items('stays').filter(({ state }) => state === 'open'))
  const overstay = overstayMs(app.site)
  app.bayViews = (overview?.bays ?? [])
    .map((bay) => {
      const session = bay.session ? memory.sessions.get(bay.session.sessionId) : undefined
      const stayId = bay.session?.stayId
      if (stayId) memory.want('stays', stayId, '/api/v1/stays/')
      // A sensor that says "empty" knows better than where the car was seen last.
      const parked = bay.session === null && bay.car?.occupied !== false ? seenIn.get(bay.code) : undefined
      return bayView(bay, {
        session,
        stay: stayId ? memory.stays.get(stayId) : parked,
        plug: bay.evses.length === 1 ? app.plugs.get(plugKey(bay.evses[0].stationId, bay.evses[0].number)) : undefined,
        now: app.now,
        overstay,
      })
    })
    .sort((a, b) => byNumber(a.bay.code, b.bay.code))
  app.trouble = troubleOf(app)
}

export const plugKey = (stationId, number) => `${stationId}/${number}`

/** What each station last said of its plugs; the overview is newer, the EVSEs know since when. */
function plugsOf(data, overview) {
  const plugs = new Map()
  for (const { stationId, number, connectors } of data.items('evses')) {
    const shown = connectors.find(({ status }) => status !== 'available') ?? connectors[0]
    if (shown) plugs.set(plugKey(stationId, number), { status: shown.status, since: shown.statusAt })
  }
  for (const { stationId, number, status } of (overview?.bays ?? []).flatMap(({ evses }) => evses)) {
    const known = plugs.get(plugKey(stationId, number))
    if (known?.status !== status) plugs.set(plugKey(stationId, number), { status, since: null })
  }
  return plugs
}

function troubleOf({ data, siteId }) {
  const accepted = data.items('stations').filter(({ admission }) => admission === 'accepted')
  return {
    offline: accepted.filter(({ socket }) => socket === null),
    faulted: data.items('evses').filter(({ connectors }) => connectors.some(({ status }) => status === 'faulted')),
    actions: data.items('actions').filter(({ needsPerson }) => needsPerson).length,
    devices: data.items('devices').filter(({ state }) => state === 'fault' || state === 'offline'),
    pending: data.items('pending').filter(({ siteId: of }) => of === null || of === siteId).length,
  }
}

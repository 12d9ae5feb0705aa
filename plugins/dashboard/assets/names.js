// Owns what people call things: stations, plugs, bays, stays and sessions by their ids, from whatever is known.
// Must not show an id where a name is known.
import { stayName } from './bay-state.js'

export function namesFor(data, remembered) {
  const stations = new Map()
  const bays = new Map()
  const evses = new Map()
  for (const { stationId, code, name } of [...data.items('pending'), ...data.items('stations')]) {
    stations.set(stationId, name && name !== code ? name : code)
  }
  for (const bay of data.get('overview')?.value?.bays ?? []) {
    bays.set(bay.bayId, bay.code)
    for (const { stationId, number, stationCode } of bay.evses) {
      if (!stations.has(stationId)) stations.set(stationId, stationCode)
      evses.set(`${stationId}/${number}`, bay.code)
    }
  }
  const several = new Map()
  for (const { stationId } of data.items('evses')) several.set(stationId, (several.get(stationId) ?? 0) + 1)
  const station = (id) => stations.get(id) ?? 'a station'
  const plug = (id, number) => ((several.get(id) ?? 1) > 1 || number > 1 ? `${station(id)} / ${number}` : station(id))
  return {
    station,
    /** The station, with the EVSE's number where it has more than one. */
    plug,
    bay: (id) => bays.get(id) ?? null,
    bayOfPlug: (id, number) => evses.get(`${id}/${number}`) ?? null,
    stay: (id) => stayName(remembered.stays.get(id)) ?? 'A car',
    session(id) {
      const session = remembered.sessions.get(id)
      return session ? plug(session.stationId, session.evseNumber) : 'a session'
    },
    device: (id) => {
      const device = data.items('devices').find(({ deviceId }) => deviceId === id)
      return device ? device.name || device.code : 'A device'
    },
  }
}

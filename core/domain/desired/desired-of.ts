// Owns merging: which of all items that are wanted somewhere one station is to have.
// Must not depend on the order in which items are given.
import { type DesiredItem, type DesiredScope, desiredScopes, type StationPlace } from './desired-item.ts'

/** One item for each kind and key: the one of the narrowest scope that the station is in. Sorted by kind and key. */
export function desiredOf(station: StationPlace, items: readonly DesiredItem[]): DesiredItem[] {
  const chosen = new Map<string, DesiredItem>()
  for (const item of items) {
    if (!item.enabled || !appliesTo(item, station)) continue
    const name = `${item.kind} ${item.key}`
    const other = chosen.get(name)
    if (other === undefined || isNarrower(item, other)) chosen.set(name, item)
  }
  return [...chosen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)
}

export function appliesTo(item: DesiredScope, station: StationPlace): boolean {
  switch (item.scope) {
    case 'organization':
      return true
    case 'site':
      return item.siteId === station.siteId
    case 'station':
      return item.stationId === station.stationId
    case 'model':
      return (
        alike(item.vendor, station.vendor) &&
        (item.model === null || alike(item.model, station.model)) &&
        (item.firmwarePrefix === null ||
          (station.firmware ?? '').toLowerCase().startsWith(item.firmwarePrefix.toLowerCase()))
      )
  }
}

const alike = (a: string | null, b: string | null) => a !== null && b !== null && a.toLowerCase() === b.toLowerCase()

/** Among models, the one that names more of it; the id settles what cannot otherwise be told apart. */
function isNarrower(a: DesiredItem, b: DesiredItem): boolean {
  const rank = (item: DesiredItem) => [
    desiredScopes.indexOf(item.scope),
    item.model === null ? 0 : 1,
    item.firmwarePrefix?.length ?? 0,
  ]
  const [left, right] = [rank(a), rank(b)]
  const differs = left.findIndex((value, i) => value !== right[i])
  return differs === -1 ? a.itemId > b.itemId : (left[differs] ?? 0) > (right[differs] ?? 0)
}

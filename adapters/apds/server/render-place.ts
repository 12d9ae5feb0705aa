// Owns the site as an APDS hierarchy: the place, its areas, its bays as spaces, and a charging point for each EVSE beside a bay.
// Must not claim more than the hub knows: an occupancy that nobody counted is left out.
import type { BookedCounter, BookedEvse, BookedSite } from '../../../core/plugin/index.ts'
import type { VersionedReference } from '../objects.ts'

export interface PlaceInput {
  site: BookedSite
  counters: readonly BookedCounter[]
  language: string
  now: Date
  expand(name: string): boolean
  specs: readonly VersionedReference[]
  operator: VersionedReference
}

export interface RenderedPlace {
  id: string
  type: 'place' | 'subplaceElement' | 'space' | 'identifiedArea'
  layer: number
  [field: string]: unknown
}

/** OCPP and OCPI words for a socket, in those of ConnectorTypeEnum. */
const connectorTypes: Readonly<Record<string, string>> = {
  cccs1: 'iec62196T1COMBO',
  cccs2: 'iec62196T2COMBO',
  cg105: 'chademo',
  ctesla: 'teslaConnectorAmerica',
  ctype1: 'iec62196T1',
  ctype2: 'iec62196T2',
  stype2: 'iec62196T2',
  stype3: 'iec62196T3C',
  s3091p16: 'iec60309x2single16',
  s3093p16: 'iec60309x2three16',
  s3093p32: 'iec60309x2three32',
  iec621962t2: 'iec62196T2',
  iec621962t2combo: 'iec62196T2COMBO',
  iec621962t1: 'iec62196T1',
  iec621962t1combo: 'iec62196T1COMBO',
  chademo: 'chademo',
  pan: 'pantographTopDown',
}

export function renderPlaces(input: PlaceInput): RenderedPlace[] {
  const { site } = input
  const version = site.version ?? 1
  const top = ref(site.siteId, version)
  const bays = site.bays.map((bay) => ({
    ...bay,
    parent: bay.areaId !== null && site.areas.some(({ areaId }) => areaId === bay.areaId) ? bay.areaId : site.siteId,
  }))
  const chargers = bays.flatMap(({ bayId, evse, parent }, index) => (evse ? [{ bayId, evse, parent, index }] : []))
  const childrenOf = (id: string) => [
    ...(id === site.siteId ? site.areas.map(({ areaId }) => ref(areaId, version)) : []),
    ...bays.filter(({ parent }) => parent === id).map(({ bayId }) => ref(bayId, version)),
    ...chargers.filter(({ parent }) => parent === id).map(({ evse }) => ref(evseId(evse), version)),
  ]
  const base = <T extends RenderedPlace['type']>(
    type: T,
    id: string,
    name: string,
    layer: number,
    parent?: string,
  ) => ({
    id,
    version,
    type,
    name: said(input, name),
    layer,
    hierarchyElementRecord: { creationTime: (site.updatedAt ?? input.now).toISOString() },
    ...(parent ? { parentId: ref(parent, version) } : {}),
    ...(type === 'place' || type === 'subplaceElement' ? { childIds: childrenOf(id) } : {}),
    ...(input.expand('rightSpecifications') && type === 'place' ? { rightSpecifications: input.specs } : {}),
  })
  return [
    {
      ...base('place', site.siteId, site.name, 0),
      timeZone: site.zone,
      ...(input.expand('occupancy') ? { hierarchyElementReference: occupancyOf(input, top, null) } : {}),
      ...(input.expand('characteristics')
        ? {
            characteristics: {
              accessControlled: site.lanes.length > 0,
              spacesTotal: site.bays.length,
              evChargingPoints: chargers.length,
            },
          }
        : {}),
      ...(input.expand('contacts')
        ? { contacts: [{ contactType: 'contactByReference', contactReference: input.operator }] }
        : {}),
      ...(input.expand('streetAddress') && site.address
        ? { placeStreetAddress: { addressLines: [{ order: 0, type: 'street', text: said(input, site.address) }] } }
        : {}),
      ...(input.expand('pointLocation') && site.latitude !== null && site.longitude !== null
        ? { indicativePlacePointLocation: [{ type: 'Point', coordinates: [site.longitude, site.latitude] }] }
        : {}),
    },
    ...site.areas.map(({ areaId, code, name }) => ({
      ...base('subplaceElement', areaId, name, 1, site.siteId),
      ...(input.expand('occupancy')
        ? { hierarchyElementReference: occupancyOf(input, ref(areaId, version), code) }
        : {}),
    })),
    ...bays.map(({ bayId, code, parent, occupied, since, evse }) => ({
      ...base('space', bayId, code, parent === site.siteId ? 1 : 2, parent),
      spaceId: { id: bayId, className: 'Space' },
      ...(evse && input.expand('operatingRestrictions')
        ? { operatingRestrictions: [{ operatingRestriction: 'electricVehicleOnly' }] }
        : {}),
      ...(input.expand('occupancy') && occupied !== null
        ? {
            hierarchyElementReference: {
              elementId: ref(bayId, version),
              demandTable: [
                {
                  timestamp: input.now.toISOString(),
                  demandSpaceType: [spaceDemand(bayId, occupied, since, input.now)],
                },
              ],
            },
          }
        : {}),
    })),
    ...chargers.map(({ bayId, evse, parent, index }) => ({
      ...base('identifiedArea', evseId(evse), evseId(evse), parent === site.siteId ? 1 : 2, parent),
      supplementalFacilityIndex: index,
      externalIdentifiers: [evseId(evse)],
      operatorDefinedReference: ref(bayId, version, 'Space'),
      electricChargingPoint: chargingPoint(evse, index),
    })),
  ]
}

/** The OCPP identity and number: what everybody else in the hub calls it (research section 1.1). */
function evseId({ stationIdentity, evse }: BookedEvse): string {
  return `${stationIdentity}*${evse}`
}

function chargingPoint(evse: BookedEvse, index: number) {
  const maxPowerAtSocket = evse.maxPowerW ?? 0
  const sockets = evse.connectors.length > 0 ? evse.connectors : [{ kind: null }]
  return {
    refillPointIndex: index,
    externalIdentifier: evseId(evse),
    usageType: ['electricVehicle'],
    deliveryUnit: 'kWh',
    ...(evse.maxPowerW === null ? {} : { availableChargingPower: [evse.maxPowerW] }),
    connectors: sockets.map(({ kind }) => ({
      connectorType: connectorTypes[(kind ?? '').toLowerCase().replaceAll(/[^a-z0-9]/g, '')] ?? 'other',
      maxPowerAtSocket,
      ...(kind === null ? {} : { otherConnector: kind }),
    })),
  }
}

function spaceDemand(bayId: string, occupied: boolean, since: Date | null, now: Date) {
  const at = (since ?? now).toISOString()
  return {
    spaceId: { id: bayId, className: 'Space' },
    detectionUpdateTime: at,
    ...(occupied ? { occupancyStartTime: at } : { occupancyEndTime: at }),
  }
}

/** Counters of the area, or those of no area for the place as a whole: the widest of them speaks for it. */
function occupancyOf({ site, counters, now }: PlaceInput, elementId: VersionedReference, area: string | null) {
  const own = counters.filter((each) => (area === null ? each.area === null : each.area === area))
  const [widest] = own.toSorted((a, b) => (b.capacity ?? 0) - (a.capacity ?? 0))
  const spaces =
    area === null
      ? site.bays.length
      : site.bays.filter(({ areaId }) => site.areas.some((one) => one.areaId === areaId && one.code === area)).length
  const quantity = widest?.capacity ?? (spaces > 0 ? spaces : null)
  const occupied =
    widest?.occupied ??
    (widest && widest.free !== null && widest.capacity !== null ? widest.capacity - widest.free : null)
  return {
    elementId,
    ...(quantity === null ? {} : { supply: [{ supplyViewType: 'spaceView', supplyQuantity: quantity }] }),
    ...(occupied === null || !widest
      ? {}
      : {
          demandTable: [
            {
              timestamp: now.toISOString(),
              demandType: [
                {
                  occupancyCalculation: 'counted',
                  count: Math.max(0, occupied),
                  recordDateTime: widest.at.toISOString(),
                },
              ],
            },
          ],
        }),
  }
}

export function said({ language }: { language: string }, string: string) {
  return [{ language, string }]
}

export function ref(id: string, version: number, className?: string): VersionedReference {
  return { id, version, ...(className ? { className } : {}) }
}

// Owns the operations on organization, sites, areas, bays, lanes, devices and counters.
// Must not hold rules; core/services/manage does.
import {
  manageAreas,
  manageBays,
  manageDevices,
  manageLanes,
  manageOrganization,
  manageSites,
} from '../../services/manage/manage-places.ts'
import { listOccupancy, withBayNow } from '../../services/manage/read-records.ts'
import type { Bay } from '../../services/manage/records.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { done, found, listed, made, mapped } from '../replies.ts'

type Ids =
  | 'getOrganization'
  | 'updateOrganization'
  | 'listSites'
  | 'createSite'
  | 'getSite'
  | 'updateSite'
  | 'archiveSite'
  | 'listAreas'
  | 'createArea'
  | 'getArea'
  | 'updateArea'
  | 'archiveArea'
  | 'listBays'
  | 'createBay'
  | 'getBay'
  | 'updateBay'
  | 'archiveBay'
  | 'listLanes'
  | 'createLane'
  | 'getLane'
  | 'updateLane'
  | 'archiveLane'
  | 'listDevices'
  | 'createDevice'
  | 'getDevice'
  | 'updateDevice'
  | 'archiveDevice'
  | 'listOccupancy'

const now =
  ({ deps, access }: CallContext) =>
  async (bay: Bay) => {
    const [shown] = await withBayNow(deps)(access, [bay])
    return shown ?? { ...bay, car: null, evses: [] }
  }

export const places: Part<Ids> = {
  getOrganization: async (_call, { deps, access }) =>
    found(await manageOrganization(deps).get(access, access.organizationId)),
  updateOrganization: async ({ body, version }, { deps, access }) =>
    found(await manageOrganization(deps).update(access, access.organizationId, body, version)),

  listSites: async ({ query }, { deps, access }) => listed(await manageSites(deps).list(access, listQuery(query))),
  createSite: async ({ body }, { deps, access }) =>
    made(await manageSites(deps).create(access, body), (site) => `/sites/${site.siteId}`),
  getSite: async ({ path }, { deps, access }) => found(await manageSites(deps).get(access, path.siteId)),
  updateSite: async ({ path, body, version }, { deps, access }) =>
    found(await manageSites(deps).update(access, path.siteId, body, version)),
  archiveSite: async ({ path, version }, { deps, access }) =>
    done(await manageSites(deps).archive(access, path.siteId, version)),

  listAreas: async ({ query }, { deps, access }) => listed(await manageAreas(deps).list(access, listQuery(query))),
  createArea: async ({ body }, { deps, access }) =>
    made(await manageAreas(deps).create(access, body), (area) => `/areas/${area.areaId}`),
  getArea: async ({ path }, { deps, access }) => found(await manageAreas(deps).get(access, path.areaId)),
  updateArea: async ({ path, body, version }, { deps, access }) =>
    found(await manageAreas(deps).update(access, path.areaId, body, version)),
  archiveArea: async ({ path, version }, { deps, access }) =>
    done(await manageAreas(deps).archive(access, path.areaId, version)),

  async listBays({ query }, { deps, access }) {
    const page = await manageBays(deps).list(access, listQuery(query))
    return listed({ ...page, items: await withBayNow(deps)(access, page.items) })
  },
  createBay: async ({ body }, context) =>
    made(
      await mapped(manageBays(context.deps).create(context.access, body), now(context)),
      (bay) => `/bays/${bay.bayId}`,
    ),
  getBay: async ({ path }, context) =>
    found(await mapped(manageBays(context.deps).get(context.access, path.bayId), now(context))),
  updateBay: async ({ path, body, version }, context) =>
    found(await mapped(manageBays(context.deps).update(context.access, path.bayId, body, version), now(context))),
  archiveBay: async ({ path, version }, { deps, access }) =>
    done(await manageBays(deps).archive(access, path.bayId, version)),

  listLanes: async ({ query }, { deps, access }) => listed(await manageLanes(deps).list(access, listQuery(query))),
  createLane: async ({ body }, { deps, access }) =>
    made(await manageLanes(deps).create(access, body), (lane) => `/lanes/${lane.laneId}`),
  getLane: async ({ path }, { deps, access }) => found(await manageLanes(deps).get(access, path.laneId)),
  updateLane: async ({ path, body, version }, { deps, access }) =>
    found(await manageLanes(deps).update(access, path.laneId, body, version)),
  archiveLane: async ({ path, version }, { deps, access }) =>
    done(await manageLanes(deps).archive(access, path.laneId, version)),

  listDevices: async ({ query }, { deps, access }) => listed(await manageDevices(deps).list(access, listQuery(query))),
  createDevice: async ({ body }, { deps, access }) =>
    made(await manageDevices(deps).create(access, body), (device) => `/devices/${device.deviceId}`),
  getDevice: async ({ path }, { deps, access }) => found(await manageDevices(deps).get(access, path.deviceId)),
  updateDevice: async ({ path, body, version }, { deps, access }) =>
    found(await manageDevices(deps).update(access, path.deviceId, body, version)),
  archiveDevice: async ({ path, version }, { deps, access }) =>
    done(await manageDevices(deps).archive(access, path.deviceId, version)),

  listOccupancy: async ({ query }, { deps, access }) => listed(await listOccupancy(deps)(access, listQuery(query))),
}

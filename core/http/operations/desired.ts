// Owns the operations on desired state: what is wanted of stations, what they have, and looking at one now.
// Must not hold rules; core/services/desired does.
import { manageDesiredItems } from '../../services/desired/manage-desired.ts'
import {
  type DriftPage,
  listDrift,
  listStationDrift,
  reconcileNow,
  stationDesired,
} from '../../services/desired/read-desired.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { done, found, listed, made, shown } from '../replies.ts'

type Ids =
  | 'listDesiredItems'
  | 'createDesiredItem'
  | 'getDesiredItem'
  | 'updateDesiredItem'
  | 'archiveDesiredItem'
  | 'getStationDesired'
  | 'listStationDrift'
  | 'listDrift'
  | 'reconcileStation'

function counted({ counts, ...page }: DriftPage) {
  const { status, body } = listed(page)
  return { status, body: { ...body, counts } }
}

export const desired: Part<Ids> = {
  listDesiredItems: async ({ query }, { deps, access }) =>
    listed(await manageDesiredItems(deps).list(access, listQuery(query))),
  createDesiredItem: async ({ body }, { deps, access }) =>
    made(await manageDesiredItems(deps).create(access, body), (item) => `/desired-items/${item.desiredItemId}`),
  getDesiredItem: async ({ path }, { deps, access }) =>
    found(await manageDesiredItems(deps).get(access, path.desiredItemId)),
  updateDesiredItem: async ({ path, body, version }, { deps, access }) =>
    found(await manageDesiredItems(deps).update(access, path.desiredItemId, body, version)),
  archiveDesiredItem: async ({ path, version }, { deps, access }) =>
    done(await manageDesiredItems(deps).archive(access, path.desiredItemId, version)),
  getStationDesired: async ({ path }, { deps, access }) => shown(await stationDesired(deps)(access, path.stationId)),
  async listStationDrift({ path, query }, { deps, access }) {
    const page = await listStationDrift(deps)(access, path.stationId, listQuery(query))
    return page.kind === 'ok' ? counted(page.value) : refused(page)
  },
  listDrift: async ({ query }, { deps, access }) => counted(await listDrift(deps)(access, listQuery(query))),
  async reconcileStation({ path }, { deps, access }) {
    const started = await reconcileNow(deps)(access, path.stationId)
    return started.kind === 'ok' ? { status: 202, body: started.value } : refused(started)
  },
}

// Owns the operations on movements, occupancy and charging bays.
// Must not hold rules; core/services/occupancy, parking and ev-bays do.
import { searchKeys } from '../../domain/credential/index.ts'
import { listEvBays, readEvBayHistory } from '../../services/ev-bays/read-ev-bays.ts'
import { listMovements } from '../../services/manage/read-records.ts'
import { closeGhosts, listCounts, recordCount, undoCount } from '../../services/occupancy/count-occupancy.ts'
import { readDrift, readOccupancyHistory } from '../../services/occupancy/read-occupancy.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { found, listed, made, shown } from '../replies.ts'

type Ids =
  | 'listMovements'
  | 'getOccupancyReport'
  | 'getOccupancyHistory'
  | 'listOccupancyCounts'
  | 'createOccupancyCount'
  | 'closeGhostStays'
  | 'undoOccupancyCount'
  | 'listEvBays'
  | 'getEvBayHistory'

export const presence: Part<Ids> = {
  async listMovements({ query }, { deps, access }) {
    const { plate, ...rest } = listQuery(query)
    const keys = typeof plate === 'string' ? { searchKeys: searchKeys({ raw: plate, kind: 'plate' }) } : {}
    return listed(await listMovements(deps)(access, { ...rest, ...keys }))
  },
  getOccupancyReport: async ({ query }, { deps, access }) => shown(await readDrift(deps)(access, query)),
  getOccupancyHistory: async ({ query }, { deps, access }) => shown(await readOccupancyHistory(deps)(access, query)),
  listOccupancyCounts: async ({ query }, { deps, access }) => listed(await listCounts(deps)(access, listQuery(query))),
  createOccupancyCount: async ({ body }, { deps, access }) =>
    made(await recordCount(deps)(access, body), () => '/occupancy-counts'),
  closeGhostStays: async ({ path, body }, { deps, access }) =>
    found(await closeGhosts(deps)(access, path.countId, body.stayIds)),
  undoOccupancyCount: async ({ path }, { deps, access }) => found(await undoCount(deps)(access, path.countId)),
  listEvBays: async ({ query }, { deps, access }) => listed(await listEvBays(deps)(access, listQuery(query))),
  getEvBayHistory: async ({ path, query }, { deps, access }) =>
    shown(await readEvBayHistory(deps)(access, path.bayId, query)),
}

// Owns the operations on what stations told and asked, and on their device models.
// Must not hold rules; core/services does.
import { listStationNotices, listStationVariables } from '../../services/manage/read-records.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { listed } from '../replies.ts'

export function stationNotices(): Part<'listStationNotices' | 'listStationVariables'> {
  return {
    listStationNotices: async ({ query }, { deps, access }) =>
      listed(await listStationNotices(deps)(access, listQuery(query))),
    async listStationVariables({ path, query }, { deps, access }) {
      const page = await listStationVariables(deps)(access, path.stationId, listQuery(query))
      return page.kind === 'ok' ? listed(page.value) : refused(page)
    },
  }
}

// Owns the operation behind the first page of the dashboard.
// Must not hold rules; core/services does.
import { reaches } from '../../domain/scope.ts'
import { siteOverview } from '../../services/manage/site-overview.ts'
import type { Part } from '../operation-types.ts'
import { shown } from '../replies.ts'

export const overview: Part<'getSiteOverview'> = {
  getSiteOverview: async ({ path }, { deps, access }) =>
    shown(await siteOverview(deps)(access, path.siteId, reaches(access.scopes, 'money:read'))),
}

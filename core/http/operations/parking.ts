// Owns the operations on stays, links and reviews.
// Must not decide a link; core/services/linking does.
import { closeReview } from '../../services/manage/close-review.ts'
import {
  getLink,
  getReview,
  getStay,
  getTimeline,
  listLinks,
  listReviews,
  listStays,
} from '../../services/manage/read-records.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { listed, shown } from '../replies.ts'

type Ids =
  | 'listStays'
  | 'getStay'
  | 'getStayTimeline'
  | 'listLinks'
  | 'getLink'
  | 'listReviews'
  | 'getReview'
  | 'resolveReview'

export const parking: Part<Ids> = {
  async listStays({ query }, { deps, access }) {
    const { plate, ...rest } = listQuery(query)
    const plateText = plate?.toUpperCase().replace(/[^A-Z0-9]/g, '')
    return listed(await listStays(deps)(access, { ...rest, plateText }))
  },
  getStay: async ({ path }, { deps, access }) => shown(await getStay(deps)(access, path.stayId)),
  async getStayTimeline({ path, query }, { deps, access }) {
    const page = await getTimeline(deps)(access, path.stayId, listQuery(query))
    return page.kind === 'ok' ? listed(page.value) : refused(page)
  },
  listLinks: async ({ query }, { deps, access }) => listed(await listLinks(deps)(access, listQuery(query))),
  getLink: async ({ path }, { deps, access }) => shown(await getLink(deps)(access, path.linkId)),
  listReviews: async ({ query }, { deps, access }) => listed(await listReviews(deps)(access, listQuery(query))),
  getReview: async ({ path }, { deps, access }) => shown(await getReview(deps)(access, path.reviewId)),
  resolveReview: async ({ path, body }, { deps, access }) =>
    shown(await closeReview(deps)(access, path.reviewId, body.resolution)),
}

// Owns the operations of the queue of doubtful links: what waits, side by side; undo; many at once; and how good linking is.
// Must not weigh evidence; core/services/linking does.
import { listLinkReviews, sessionCandidates, stayCandidates } from '../../services/linking/link-candidates.ts'
import { linkQuality } from '../../services/linking/link-quality.ts'
import { rejectLinks, undoLink } from '../../services/linking/undo-link.ts'
import { getLink } from '../../services/manage/read-records.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { listed, mapped, shown } from '../replies.ts'

type Ids =
  | 'listLinkReviews'
  | 'rejectLinks'
  | 'undoLink'
  | 'getSessionLinkCandidates'
  | 'getStayLinkCandidates'
  | 'getLinkQuality'

export const linkReviews: Part<Ids> = {
  listLinkReviews: async ({ query }, { deps, access }) => listed(await listLinkReviews(deps)(access, listQuery(query))),
  rejectLinks: async ({ body }, { deps, access }) => ({
    status: 200,
    body: { items: await rejectLinks(deps)(access, body.linkIds, body) },
  }),
  undoLink: async ({ path, body }, { deps, access }) => {
    const undone = await undoLink(deps)(access, path.linkId, body)
    return shown(undone.kind === 'ok' ? await getLink(deps)(access, path.linkId) : undone)
  },
  getSessionLinkCandidates: async ({ path }, { deps, access }) =>
    shown(await sessionCandidates(deps)(access, path.sessionId)),
  getStayLinkCandidates: async ({ path }, { deps, access }) => shown(await stayCandidates(deps)(access, path.stayId)),
  getLinkQuality: async ({ query }, { deps, access }) =>
    shown(await mapped(linkQuality(deps)(access, query), (items) => ({ items }))),
}

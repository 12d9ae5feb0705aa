// Owns the operations by which people decide links, and the answer to why a session is linked as it is.
// Must not weigh evidence; core/services/linking does.
import { acceptLink, createLink, rejectLink, unlinkLink } from '../../services/linking/decide-link.ts'
import { explainLink } from '../../services/linking/explain-link.ts'
import type { Outcome } from '../../services/manage/outcome.ts'
import { getLink } from '../../services/manage/read-records.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { made, shown } from '../replies.ts'

type Ids = 'createLink' | 'acceptLink' | 'rejectLink' | 'unlinkLink' | 'explainSessionLink'

/** The decided link with its history. */
async function detailed({ deps, access }: CallContext, decided: Outcome<{ linkId: string }>) {
  return decided.kind === 'ok' ? getLink(deps)(access, decided.value.linkId) : decided
}

export const links: Part<Ids> = {
  createLink: async ({ body }, context) =>
    made(
      await detailed(context, await createLink(context.deps)(context.access, body)),
      (link) => `/links/${link.linkId}`,
    ),
  acceptLink: async ({ path, body }, context) =>
    shown(await detailed(context, await acceptLink(context.deps)(context.access, path.linkId, body))),
  rejectLink: async ({ path, body }, context) =>
    shown(await detailed(context, await rejectLink(context.deps)(context.access, path.linkId, body))),
  unlinkLink: async ({ path, body }, context) =>
    shown(await detailed(context, await unlinkLink(context.deps)(context.access, path.linkId, body))),
  async explainSessionLink({ path }, { deps, access }) {
    const explained = await explainLink(deps)(access, path.sessionId)
    if (explained.kind !== 'ok') return refused(explained)
    const { stayIds, sentences, ...rest } = explained.value
    return { status: 200, body: { ...rest, stayIds: [...stayIds], sentences: [...sentences] } }
  },
}

// Owns the operations on disputes and on what people grant on bills.
// Must not hold rules; core/services/billing does.
import { grantCredit } from '../../services/billing/grant-credit.ts'
import { decideOnDispute, openDispute } from '../../services/billing/manage-disputes.ts'
import { getDispute, listCredits, listDisputes } from '../../services/manage/read-money.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { problem } from '../problem.ts'
import { found, listed, made } from '../replies.ts'

type Ids = 'listDisputes' | 'openDispute' | 'getDispute' | 'decideDispute' | 'listBillCredits' | 'grantBillCredit'

export const disputes: Part<Ids> = {
  listDisputes: async ({ query }, { deps, access }) => listed(await listDisputes(deps)(access, listQuery(query))),
  openDispute: async ({ path, body }, { deps, access }) =>
    made(await openDispute(deps)(access, path.billId, body), ({ disputeId }) => `/disputes/${disputeId}`),
  getDispute: async ({ path }, { deps, access }) => found(await getDispute(deps)(access, path.disputeId)),
  decideDispute: async ({ path, body: { version, state, decision, amountMinor } }, { deps, access }) => {
    const wish = amountMinor === undefined ? {} : { amountMinor }
    if (state !== 'accepted' && amountMinor !== undefined) {
      return problem('invalid_request', { detail: 'amountMinor goes only with an accepted dispute.' })
    }
    const verdict = state === 'accepted' ? { state, decision, ...wish } : { state, decision }
    return found(await decideOnDispute(deps)(access, path.disputeId, verdict, version))
  },
  listBillCredits: async ({ query }, { deps, access }) => listed(await listCredits(deps)(access, listQuery(query))),
  grantBillCredit: async ({ path, body }, { deps, access }) =>
    made(await grantCredit(deps)(access, path.billId, body), () => `/bill-credits?billId=${path.billId}`),
}

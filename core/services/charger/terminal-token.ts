// Owns telling a charger's card that stands for a payment at its terminal from the cards that people hold.
// Must not take anybody's word but the station's own.
import type { Pool } from 'pg'
import type { Authorization } from '../../domain/charger-fact.ts'
import { isPayment } from '../../domain/credential/index.ts'
import { noticeOfContent } from '../../store/notice-effects.ts'
import type { AuthoriseToken } from './charger-deps.ts'
import { announcedToken } from './payment-inquiries.ts'

type Ask = (request: AuthoriseToken) => Promise<Authorization>

/** OCPP 2.1 says so by the token's type; an OCPP 1.6 terminal has said so before, by DataTransfer. */
export function authoriseTerminal(pool: Pool, ask: Ask): Ask {
  return async (request) => {
    const answer = await ask(request)
    const { token, organizationId, stationId } = request
    if (answer.status !== 'unknown' || token.value === '' || isPayment(token)) return answer
    const announced = await noticeOfContent(pool, {
      organization_id: organizationId,
      station_id: stationId,
      content_key: announcedToken(token.value),
    })
    return announced === undefined ? answer : ask({ ...request, token: { ...token, kind: 'direct_payment' } })
  }
}

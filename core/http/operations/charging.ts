// Owns the operations on charging sessions: reading only, since sessions are derived from what chargers report.
// Must not hold rules.
import { getSession, listMeterValues, listSessions, listTransactions } from '../../services/manage/read-records.ts'
import type { ChargingSession, Page } from '../../services/manage/records.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { listed, mapped, shown } from '../replies.ts'

type Ids = 'listChargingSessions' | 'getChargingSession' | 'listMeterValues' | 'listSessionTransactions'

export const charging: Part<Ids> = {
  listChargingSessions: async ({ query }, { deps, access }) =>
    listed(pageShown(await listSessions(deps)(access, listQuery(query)))),
  getChargingSession: async ({ path }, { deps, access }) =>
    shown(await mapped(getSession(deps)(access, path.sessionId), sessionShown)),
  async listMeterValues({ path, query }, { deps, access }) {
    const page = await listMeterValues(deps)(access, path.sessionId, listQuery(query))
    return page.kind === 'ok' ? listed(page.value) : refused(page)
  },
  async listSessionTransactions({ path, query }, { deps, access }) {
    const page = await listTransactions(deps)(access, path.sessionId, listQuery(query))
    return page.kind === 'ok' ? listed(page.value) : refused(page)
  },
}

function sessionShown(session: ChargingSession) {
  return { ...session, registers: session.registers.map(([at, registerWh]) => ({ at, registerWh })) }
}

function pageShown(page: Page<ChargingSession>) {
  return { ...page, items: page.items.map(sessionShown) }
}

// Owns the answers of a hub that made no mistake, built from the truth, for tests to plant mistakes in.
// Must not be clever: one bill per stay, one line per thing.
import type { HubAnswers, HubBill, HubEntry, HubLine } from '../../../plugins/demo/hub-answers.ts'
import type { Truth } from '../../sim/index.ts'

const line = (
  kind: string,
  ids: { stayId: string | null; sessionId: string | null },
  more: Partial<HubLine>,
): HubLine => ({
  kind,
  ...ids,
  quantity: '1',
  unit: 'piece',
  netMinor: 0,
  taxMinor: 0,
  totalMinor: 0,
  ...more,
})

const kwh = (wh: number) => `${Math.floor(wh / 1000)}.${String(wh % 1000).padStart(3, '0')}`

export function perfectHub(truth: Truth): HubAnswers {
  const stays = truth.stays.map((stay) => ({
    id: `stay-${stay.ref}`,
    ref: stay.ref,
    state: stay.exitMissing ? 'open' : stay.entryMissing ? 'exit_only' : 'closed',
    parkerKind: stay.parkerKind,
    enteredAt: stay.entryMissing ? null : stay.enteredAt,
    exitedAt: stay.exitMissing ? null : stay.exitedAt,
    flags: [],
  }))
  const ghosts = truth.voidedStayRefs.map((ref) => ({
    id: `void-${ref}`,
    ref,
    state: 'voided',
    parkerKind: 'transient',
    enteredAt: new Date(0),
    exitedAt: null,
    flags: [],
  }))
  const sessions = truth.sessions.map((session) => ({
    id: `session-${session.id}`,
    station: session.stationId,
    evse: session.evse,
    state: 'closed',
    pluggedAt: session.pluggedAt,
    unpluggedAt: session.unpluggedAt,
    endedAt: session.charges.at(-1)?.stoppedAt ?? null,
    energyWh: session.energyWh,
    flags: [],
  }))
  const links = truth.sessions
    .filter((session) => session.linkable === 'certain')
    .map((session) => ({
      id: `link-${session.id}`,
      stayId: `stay-${session.stayRef}`,
      sessionId: `session-${session.id}`,
      state: 'linked',
      method: session.evidence[0] ?? 'bay',
    }))
  const bills: HubBill[] = []
  const linked = new Set(links.map((link) => link.sessionId))
  const bill = (subjectKey: string, stayId: string | null, sessionId: string | null, lines: HubLine[]) => {
    const netMinor = lines.reduce((sum, one) => sum + one.netMinor, 0)
    const taxMinor = lines.reduce((sum, one) => sum + one.taxMinor, 0)
    const number = `B-${bills.length + 1}`
    const totalMinor = netMinor + taxMinor
    bills.push({
      id: `bill-${number}`,
      number,
      kind: 'bill',
      subjectKey,
      stayId,
      sessionId,
      netMinor,
      taxMinor,
      totalMinor,
      lines,
    })
  }
  const energyLine = (id: string, wh: number, stayId: string | null) => {
    const netMinor = Math.round(wh * 0.028)
    const money = { netMinor, taxMinor: 7, totalMinor: netMinor + 7 }
    return line('ENERGY', { stayId, sessionId: `session-${id}` }, { quantity: kwh(wh), unit: 'kWh', ...money })
  }
  for (const stay of truth.stays) {
    const stayId = `stay-${stay.ref}`
    const own = truth.sessions.filter((one) => stay.sessions.includes(one.id))
    const parking = line('PARKING', { stayId, sessionId: null }, { netMinor: 300, taxMinor: 30, totalMinor: 330 })
    const charged = own.filter((one) => linked.has(`session-${one.id}`))
    if (!stay.exitMissing && !stay.entryMissing) {
      bill(stayId, stayId, null, [parking, ...charged.map((one) => energyLine(one.id, one.energyWh, stayId))])
    } else
      for (const one of charged)
        bill(`session-${one.id}`, null, `session-${one.id}`, [energyLine(one.id, one.energyWh, null)])
    for (const one of own.filter((session) => !charged.includes(session))) {
      bill(`session-${one.id}`, null, `session-${one.id}`, [energyLine(one.id, one.energyWh, null)])
    }
  }
  const journal: HubEntry[] = bills.map((one) => ({
    id: `entry-${one.number}`,
    sourceType: 'bill',
    sourceId: one.id,
    postings: [
      { debitAccount: 'receivables', creditAccount: 'revenue', amountMinor: one.netMinor, billId: one.id },
      { debitAccount: 'receivables', creditAccount: 'tax', amountMinor: one.taxMinor, billId: one.id },
    ],
  }))
  return { stays: [...stays, ...ghosts], sessions, links, bills, journal, payments: [], reviews: [] }
}

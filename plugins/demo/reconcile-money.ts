// Owns the reckoning of bills, journal and payments: energy billed once, lines that add up, postings that agree.
// Must not know prices: that a price is right is the tariff's own test.
import type { HubAnswers, HubBill, HubLine } from './hub-answers.ts'
import type { SessionMatch } from './reconcile-sessions.ts'
import type { Difference, PlayedMoney, Reconciliation } from './reconciliation.ts'
import type { Truth } from './scenario/index.ts'

type Note = (difference: Difference) => void

/** Accounts that hold what parkers owe. */
const isReceivable = (account: string) => account.startsWith('receivable')

export function reconcileMoney(
  truth: Truth,
  hub: HubAnswers,
  match: SessionMatch,
  played: PlayedMoney | undefined,
  note: Note,
): Pick<Reconciliation, 'energy' | 'money'> {
  const billedWh = billedEnergy(hub)
  compareEnergy(hub, billedWh, excuses(truth, hub, match), note)
  compareStays(truth, hub, match, note)
  for (const bill of hub.bills) checkSums(bill, note)
  const posted = comparePostings(hub, note)

  const byKind = new Map<string, { lines: number; netMinor: number; taxMinor: number; totalMinor: number }>()
  for (const line of hub.bills.flatMap((bill) => bill.lines)) {
    const sum = byKind.get(line.kind) ?? { lines: 0, netMinor: 0, taxMinor: 0, totalMinor: 0 }
    byKind.set(line.kind, {
      lines: sum.lines + 1,
      netMinor: sum.netMinor + line.netMinor,
      taxMinor: sum.taxMinor + line.taxMinor,
      totalMinor: sum.totalMinor + line.totalMinor,
    })
  }
  const captured = hub.payments.filter((payment) => payment.kind === 'captured')
  const paidMinor = total(captured, (payment) => payment.amountMinor)
  if (played && (captured.length !== played.payments || paidMinor !== played.paidMinor)) {
    const detail = `${captured.length} of ${paidMinor} recorded, ${played.payments} of ${played.paidMinor} made`
    note({ class: 'payments differ', explained: false, subject: 'payments', detail })
  }
  return {
    energy: {
      trueWh: truth.energyWh,
      recordedWh: total(hub.sessions, (session) => (session.state === 'void' ? 0 : session.energyWh)),
      billedWh: [...billedWh.values()].reduce((sum, wh) => sum + wh, 0),
    },
    money: {
      bills: hub.bills.filter((bill) => bill.kind === 'bill').length,
      adjustments: hub.bills.filter((bill) => bill.kind === 'adjustment').length,
      byKind,
      netMinor: total(hub.bills, (bill) => bill.netMinor),
      taxMinor: total(hub.bills, (bill) => bill.taxMinor),
      totalMinor: total(hub.bills, (bill) => bill.totalMinor),
      postedMinor: posted,
      payments: captured.length,
      paidMinor,
    },
  }
}

const total = <T>(list: readonly T[], value: (one: T) => number) => list.reduce((sum, one) => sum + value(one), 0)

/** Kilowatt-hours as exact text to integer watt-hours; a line that takes energy back has a negative quantity. */
function wattHours(line: HubLine): number {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(line.quantity) ?? []
  const digits = `${whole}${fraction.slice(0, 3).padEnd(3, '0')}`
  return (sign === '-' ? -1 : 1) * Number(digits)
}

function billedEnergy(hub: HubAnswers): Map<string, number> {
  const bySession = new Map<string, number>()
  for (const bill of hub.bills) {
    for (const line of bill.lines) {
      if (line.kind !== 'ENERGY' || line.unit !== 'kWh') continue
      const session = line.sessionId ?? bill.sessionId ?? ''
      bySession.set(session, (bySession.get(session) ?? 0) + wattHours(line))
    }
  }
  return bySession
}

/** Why a session may still be without a bill: planted faults that leave a stay or a decision open. */
function excuses(truth: Truth, hub: HubAnswers, match: SessionMatch): Map<string, string> {
  const out = new Map<string, string>()
  for (const link of hub.links) {
    if (link.state === 'review') out.set(link.sessionId, 'its link waits for a person')
  }
  const endless = new Set(truth.stays.filter((stay) => stay.exitMissing).map((stay) => stay.ref))
  for (const session of truth.sessions) {
    if (!endless.has(session.stayRef)) continue
    for (const part of match.partsOf.get(session.id) ?? []) out.set(part.id, 'its stay never ended')
  }
  return out
}

function compareEnergy(
  hub: HubAnswers,
  billedWh: ReadonlyMap<string, number>,
  excuse: ReadonlyMap<string, string>,
  note: Note,
): void {
  for (const session of hub.sessions) {
    const billed = billedWh.get(session.id) ?? 0
    const recorded = session.state === 'void' ? 0 : session.energyWh
    if (billed === recorded) continue
    const detail = `${billed} Wh billed, ${recorded} Wh recorded, ${session.state} [${session.flags.join(' ')}]`
    const subject = session.id
    if (billed > recorded) note({ class: 'energy billed more than once', explained: false, subject, detail })
    else if (billed > 0) note({ class: 'energy billed in part', explained: false, subject, detail })
    else {
      const why = excuse.get(session.id)
      note({
        class: why ? `energy not billed: ${why}` : 'energy not billed',
        explained: why !== undefined,
        subject,
        detail,
      })
    }
  }
  const known = new Set(hub.sessions.map((session) => session.id))
  for (const [session, wh] of billedWh) {
    if (known.has(session) || wh === 0) continue
    note({ class: 'energy billed for no session', explained: false, subject: session, detail: `${wh} Wh` })
  }
}

/** Every stay that ended is on one bill, and on one only; later bills of the same subject are adjustments. */
function compareStays(truth: Truth, hub: HubAnswers, match: SessionMatch, note: Note): void {
  const firstBills = new Map<string, HubBill[]>()
  for (const bill of hub.bills) {
    if (bill.kind === 'bill') firstBills.set(bill.subjectKey, [...(firstBills.get(bill.subjectKey) ?? []), bill])
  }
  for (const [subject, bills] of firstBills) {
    if (bills.length > 1) {
      note({ class: 'billed twice', explained: false, subject, detail: bills.map((bill) => bill.number).join(' and ') })
    }
  }
  const billedStays = new Set(hub.bills.flatMap((bill) => [bill.stayId, ...bill.lines.map((line) => line.stayId)]))
  const byRef = new Map(hub.stays.filter((stay) => stay.state !== 'voided').map((stay) => [stay.ref ?? '', stay]))
  for (const stay of truth.stays) {
    const found = byRef.get(stay.ref)
    if (!found || billedStays.has(found.id)) continue
    const charged = stay.sessions.some((id) => (match.partsOf.get(id) ?? []).length > 0)
    const subject = stay.ref
    const detail = `${stay.parkerKind}, ${found.state}`
    if (stay.exitMissing) note({ class: 'stay not billed: it never ended', explained: true, subject, detail })
    else if (stay.entryMissing)
      note({ class: 'stay not billed: nobody saw it begin', explained: true, subject, detail })
    else if (stay.parkerKind === 'contract' && !charged) {
      note({ class: 'stay not billed: parking is in the contract', explained: true, subject, detail })
    } else if (stay.parkerKind === 'contract') {
      note({
        class: 'stay not billed: parking is in the contract, charging is billed by itself',
        explained: true,
        subject,
        detail,
      })
    } else note({ class: 'stay not billed', explained: false, subject, detail })
  }
}

function checkSums(bill: HubBill, note: Note): void {
  const net = total(bill.lines, (line) => line.netMinor)
  const tax = total(bill.lines, (line) => line.taxMinor)
  if (net === bill.netMinor && tax === bill.taxMinor && net + tax === bill.totalMinor) return
  const detail = `lines ${net} + ${tax}, bill ${bill.netMinor} + ${bill.taxMinor} = ${bill.totalMinor}`
  note({ class: 'bill is not the sum of its lines', explained: false, subject: bill.number, detail })
}

function comparePostings(hub: HubAnswers, note: Note): number {
  const owed = new Map<string, number>()
  for (const posting of hub.journal.flatMap((entry) => entry.postings)) {
    if (posting.billId === null) continue
    const change =
      (isReceivable(posting.debitAccount) ? posting.amountMinor : 0) -
      (isReceivable(posting.creditAccount) ? posting.amountMinor : 0)
    owed.set(posting.billId, (owed.get(posting.billId) ?? 0) + change)
  }
  for (const bill of hub.bills) {
    const posted = owed.get(bill.id) ?? 0
    if (posted === bill.totalMinor) continue
    const detail = `${posted} posted, ${bill.totalMinor} billed`
    note({ class: 'journal and bill disagree', explained: false, subject: bill.number, detail })
  }
  return [...owed.values()].reduce((sum, amount) => sum + amount, 0)
}

// Owns reading everything about one bill: its lines, its receipt, adjustments of the same subject, disputes, what it posted to the ledger.
// Must not draw. A bill never changes; what is added to it later does.
import * as api from './api.js'

export async function readBill(billId) {
  const bill = await api.get(`/api/v1/bills/${billId}`)
  const of =
    bill.stayId !== null ? { stayId: bill.stayId } : bill.sessionId !== null ? { sessionId: bill.sessionId } : null
  const [receipt, entries, disputes, credits, others] = await Promise.all([
    api.get(`/api/v1/bills/${billId}/receipt`),
    api.list('/api/v1/ledger/entries', { sourceType: 'bill', sourceId: billId }, 50),
    api.list('/api/v1/disputes', { billId }, 50),
    api.list('/api/v1/bill-credits', { billId }, 50),
    of ? api.list('/api/v1/bills', of, 200) : { items: [bill, ...bill.adjustments] },
  ])
  const chain = others.items
    .filter(({ subjectKey }) => subjectKey === bill.subjectKey)
    .sort((a, b) => a.sequence - b.sequence)
  return { bill, receipt, entries: entries.items, disputes: disputes.items, credits: credits.items, chain }
}

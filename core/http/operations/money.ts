// Owns the operations on bills, payments, the journal and revenue: reading only, since bills follow from facts.
// Must not compute an amount.
import {
  billTotals,
  getBill,
  journalBalances,
  listBills,
  listJournal,
  listPayments,
  revenueSummary,
} from '../../services/manage/read-money.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { listed, shown } from '../replies.ts'

type Ids =
  | 'listBills'
  | 'getBillTotals'
  | 'getBill'
  | 'listPayments'
  | 'listJournalEntries'
  | 'getJournalBalances'
  | 'getRevenueSummary'

export const money: Part<Ids> = {
  listBills: async ({ query }, { deps, access }) => listed(await listBills(deps)(access, listQuery(query))),
  getBillTotals: async ({ query }, { deps, access }) => ({
    status: 200,
    body: { items: await billTotals(deps)(access, query) },
  }),
  getBill: async ({ path }, { deps, access }) => shown(await getBill(deps)(access, path.billId)),
  listPayments: async ({ query }, { deps, access }) => listed(await listPayments(deps)(access, listQuery(query))),
  listJournalEntries: async ({ query }, { deps, access }) => listed(await listJournal(deps)(access, listQuery(query))),
  getJournalBalances: async ({ query }, { deps, access }) => ({
    status: 200,
    body: { items: await journalBalances(deps)(access, query) },
  }),
  getRevenueSummary: async ({ query }, { deps, access }) => shown(await revenueSummary(deps)(access, query)),
}

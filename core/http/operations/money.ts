// Owns the operations on bills, payments, the journal and revenue: reading only, since bills follow from facts.
// Must not compute an amount.
import { createHash } from 'node:crypto'
import type { Receipt } from '../../domain/bill/index.ts'
import { receiptStyle, renderReceipt } from '../../services/billing/render-receipt.ts'
import {
  getBill,
  getReceipt,
  journalBalances,
  listBills,
  listJournal,
  listPayments,
  revenueSummary,
} from '../../services/manage/read-money.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { listed, shown } from '../replies.ts'

type Ids =
  | 'listBills'
  | 'getBill'
  | 'getReceipt'
  | 'listPayments'
  | 'listJournalEntries'
  | 'getJournalBalances'
  | 'getRevenueSummary'

export const money: Part<Ids> = {
  listBills: async ({ query }, { deps, access }) => listed(await listBills(deps)(access, listQuery(query))),
  getBill: async ({ path }, { deps, access }) => shown(await getBill(deps)(access, path.billId)),
  async getReceipt({ path, request }, { deps, access }) {
    const receipt = await getReceipt(deps)(access, path.billId)
    if (receipt.kind !== 'ok') return refused(receipt)
    const html = (request.headers.get('accept') ?? '').split(',').some((range) => range.trim().startsWith('text/html'))
    if (html) return page(receipt.value as Receipt)
    return { status: 200, body: receipt.value as Record<string, unknown> }
  },
  listPayments: async ({ query }, { deps, access }) => listed(await listPayments(deps)(access, listQuery(query))),
  listJournalEntries: async ({ query }, { deps, access }) => listed(await listJournal(deps)(access, listQuery(query))),
  getJournalBalances: async ({ query }, { deps, access }) => ({
    status: 200,
    body: { items: await journalBalances(deps)(access, query) },
  }),
  getRevenueSummary: async ({ query }, { deps, access }) => shown(await revenueSummary(deps)(access, query)),
}

const styleHash = createHash('sha256').update(receiptStyle).digest('base64')

function page(receipt: Receipt): Response {
  return new Response(renderReceipt(receipt), {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`,
    },
  })
}

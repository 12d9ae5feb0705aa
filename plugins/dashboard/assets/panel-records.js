// Owns which records of money the panel shows: how each is read, named and drawn, and which events touch it.
// Must not hold state.
import * as api from './api.js'
import { readBill } from './bill-details.js'
import { billParts, billTitle } from './bill-panel.js'
import { cdrParts, cdrTitle, readCdr } from './cdr-panel.js'
import { disputeParts, disputeTitle } from './dispute-panel.js'
import { exportParts, exportTitle } from './export-panel.js'
import { invoiceParts, invoiceTitle } from './invoice-panel.js'
import { membershipParts, membershipTitle, readMembership } from './membership-panel.js'
import { partnerParts, partnerTitle, readPartner } from './partner-panel.js'
import { paymentParts, paymentTitle } from './payment-panel.js'
import { readRun, runParts, runTitle } from './reconciliation-panel.js'
import { statementParts, statementTitle } from './statement-panel.js'

export const panelRecords = {
  bill: { read: readBill, families: ['bill', 'dispute', 'ledger'], title: billTitle, parts: billParts },
  payment: {
    read: (id) => api.get(`/api/v1/payment-orders/${id}`),
    families: ['payment', 'review'],
    title: paymentTitle,
    parts: paymentParts,
  },
  invoice: {
    read: (id) => api.get(`/api/v1/invoices/${id}`),
    families: ['invoice', 'payment', 'bill', 'ledger'],
    title: invoiceTitle,
    parts: invoiceParts,
  },
  membership: {
    read: readMembership,
    families: ['membership', 'bill'],
    title: membershipTitle,
    parts: membershipParts,
  },
  export: {
    read: (id) => api.get(`/api/v1/ledger/exports/${id}`),
    families: ['ledger'],
    title: exportTitle,
    parts: exportParts,
  },
  dispute: {
    read: (id) => api.get(`/api/v1/disputes/${id}`),
    families: ['dispute', 'bill'],
    title: disputeTitle,
    parts: disputeParts,
  },
  partner: {
    read: readPartner,
    families: ['settlement_statement', 'partner_cdr'],
    title: partnerTitle,
    parts: partnerParts,
  },
  cdr: {
    read: readCdr,
    families: ['partner_cdr', 'cdr_dispute', 'settlement_statement'],
    title: cdrTitle,
    parts: cdrParts,
  },
  statement: {
    read: (id) => api.get(`/api/v1/settlement-statements/${id}`),
    families: ['settlement_statement'],
    title: statementTitle,
    parts: statementParts,
  },
  reconciliation: { read: readRun, families: ['reconciliation'], title: runTitle, parts: runParts },
}

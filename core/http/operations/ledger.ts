// Owns the operations on the ledger: chart of accounts and its mappings, closing periods, reading and proving them.
// Must not compute an amount or a hash.
import { closePeriod } from '../../services/ledger/close-period.ts'
import { manageAccountMappings } from '../../services/ledger/manage-account-mappings.ts'
import {
  getPeriod,
  listAccounts,
  listLedgerEntries,
  listPeriods,
  lookAtClosing,
  trialBalance,
} from '../../services/ledger/read-ledger.ts'
import { readClosedPeriod, verifyPeriods } from '../../services/ledger/read-period.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { done, found, listed, made, mapped, shown } from '../replies.ts'

type Ids =
  | 'listLedgerAccounts'
  | 'listAccountMappings'
  | 'createAccountMapping'
  | 'getAccountMapping'
  | 'updateAccountMapping'
  | 'archiveAccountMapping'
  | 'getLedgerClosing'
  | 'listLedgerPeriods'
  | 'closeLedgerPeriods'
  | 'verifyLedgerPeriods'
  | 'getLedgerPeriod'
  | 'getLedgerPeriodBook'
  | 'listLedgerEntries'
  | 'getTrialBalance'

export const ledger: Part<Ids> = {
  listLedgerAccounts: async (_call, { deps, access }) => ({
    status: 200,
    body: { items: await listAccounts(deps)(access) },
  }),
  listAccountMappings: async ({ query }, { deps, access }) =>
    listed(await manageAccountMappings(deps).list(access, listQuery(query))),
  createAccountMapping: async ({ body }, { deps, access }) =>
    made(
      await manageAccountMappings(deps).create(access, body),
      ({ mappingId }) => `/ledger/account-mappings/${mappingId}`,
    ),
  getAccountMapping: async ({ path }, { deps, access }) =>
    found(await manageAccountMappings(deps).get(access, path.mappingId)),
  updateAccountMapping: async ({ path, body, version }, { deps, access }) =>
    found(await manageAccountMappings(deps).update(access, path.mappingId, body, version)),
  archiveAccountMapping: async ({ path, version }, { deps, access }) =>
    done(await manageAccountMappings(deps).archive(access, path.mappingId, version)),

  getLedgerClosing: async ({ query }, { deps, access }) => shown(await lookAtClosing(deps)(access, query)),
  listLedgerPeriods: async ({ query }, { deps, access }) => listed(await listPeriods(deps)(access, listQuery(query))),
  closeLedgerPeriods: async ({ body }, { deps, access }) =>
    shown(await mapped(closePeriod(deps)(access, body), (items) => ({ items }))),
  verifyLedgerPeriods: async ({ body }, { deps, access }) => shown(await verifyPeriods(deps)(access, body)),
  getLedgerPeriod: async ({ path }, { deps, access }) => shown(await getPeriod(deps)(access, path.periodId)),
  getLedgerPeriodBook: async ({ path }, { deps, access }) => shown(await readClosedPeriod(deps)(access, path.periodId)),
  listLedgerEntries: async ({ query }, { deps, access }) =>
    listed(await listLedgerEntries(deps)(access, listQuery(query))),
  getTrialBalance: async ({ query }, { deps, access }) => ({
    status: 200,
    body: await trialBalance(deps)(access, query),
  }),
}

// Owns the data of the pages about money: what each asks the hub for, by filters that a person sets.
// Must not draw, and must not add up amounts.
import { accountMoneyData } from './account-money-data.js'
import * as api from './api.js'
import { addDays, instantOfWall } from './local-time.js'
import { reportData } from './report-data.js'
import { settlingData } from './settling-data.js'

const minuteMs = 60_000
/** An order that is on its way to its provider makes no event. */
const onTheirWayMs = 10_000
const manyRows = 1_000
const rowsAtFirst = 25

/** Resources that each view of the group needs. */
export const moneyNeeds = {
  tariffs: ['tariffs', 'assignments', 'engines', 'groups', 'areas', 'versions', 'pending'],
  bills: ['bills', 'billTotals', 'accounts', 'pending'],
  payments: ['payments', 'reported', 'providers', 'pending'],
  disputes: ['disputes', 'credits', 'pending'],
  invoices: ['invoices', 'accounts', 'accountTerms', 'pending'],
  memberships: ['memberships', 'plans', 'accounts', 'groups', 'pending'],
  partners: ['partners', 'partnerCdrs', 'cdrDisputes', 'settlements', 'agreements', 'ocpiTariffs', 'pending'],
  reconciliation: ['reconciliations', 'runItems', 'providers', 'connections', 'plugins', 'stations', 'pending'],
  reports: ['report', 'reportRow', 'ticketGaps', 'periods', 'pending'],
  exports: ['exports', 'exportFormats', 'standing', 'periods', 'mappings', 'pending'],
  periods: ['closing', 'periods', 'trialBalance', 'entries', 'ledgerAccounts', 'mappings', 'pending'],
}

/** Which of them an event of a family makes old. */
export const moneyTouches = {
  tariff: ['tariffs', 'versions'],
  bill: ['bills', 'billTotals', 'report', 'reportRow', 'disputes', 'credits', 'entries', 'closing', 'trialBalance'],
  payment: ['payments', 'reported', 'report', 'entries', 'closing', 'trialBalance'],
  dispute: ['disputes', 'credits'],
  review: ['payments'],
  invoice: ['invoices', 'accountTerms'],
  membership: ['memberships'],
  partner_cdr: ['partnerCdrs'],
  cdr_dispute: ['cdrDisputes', 'partnerCdrs'],
  settlement_statement: ['settlements', 'partnerCdrs', 'cdrDisputes'],
  reconciliation: ['reconciliations', 'runItems'],
  ledger: ['exports', 'standing', 'closing', 'periods', 'entries', 'trialBalance'],
}

/** What is read again together with a list whose filter changed. */
const follows = { bills: ['billTotals'], report: ['reportRow', 'ticketGaps'] }

/** `make(scope, settings)` makes a resource where the key reaches it; `stayOf` gives one that was read already. */
export function moneyData({ site, may, make, timeZone, today }) {
  const lists = [
    'bills',
    'entries',
    'payments',
    'reported',
    'disputes',
    'credits',
    'exports',
    'invoices',
    'memberships',
    'partnerCdrs',
    'cdrDisputes',
    'settlements',
    'reconciliations',
  ]
  const asked = Object.fromEntries(
    [
      'tariffs',
      'versions',
      'closing',
      'trialBalance',
      'mappings',
      'report',
      'reportRow',
      'accountTerms',
      'plans',
      'partners',
      'runItems',
      ...lists,
    ].map((name) => [name, {}]),
  )
  const shown = Object.fromEntries(lists.map((name) => [name, rowsAtFirst]))

  /** Days of the site become instants: a last day counts as a whole. */
  async function daysQuery(name) {
    const { from, to, dueBefore, ...filter } = asked[name]
    const zone = from || to || dueBefore ? await timeZone() : null
    return {
      ...site,
      ...filter,
      from: from ? instantOfWall(from, '00:00', zone) : null,
      to: to ? instantOfWall(addDays(to, 1), '00:00', zone) : null,
      ...(dueBefore ? { dueBefore: instantOfWall(addDays(dueBefore, 1), '00:00', zone) } : {}),
    }
  }

  const latest = (name, path, everyMs = minuteMs) =>
    make('money:read', {
      everyMs,
      load: async () => api.list(path, { ...(await daysQuery(name)), limit: Math.min(shown[name], 200) }, shown[name]),
    })

  /** The stay of a bill is only its name here, so it is read once. */
  async function latestBills(before) {
    const query = { ...(await daysQuery('bills')), limit: Math.min(shown.bills, 200) }
    const { items, more } = await api.list('/api/v1/bills', query, shown.bills)
    const known = new Map((before?.items ?? []).map((bill) => [bill.billId, bill]))
    const named = await several(items, 4, async (bill) => {
      const stay = known.get(bill.billId)?.stay
      if (stay || bill.stayId === null || !may('parking:read')) return { ...bill, stay: stay ?? null }
      return { ...bill, stay: await api.get(`/api/v1/stays/${bill.stayId}`) }
    })
    return { items: named, more }
  }

  const report = reportData({ site, make, asked: (name) => asked[name], today })
  const resources = {
    ...report.resources,
    ...accountMoneyData({ make, asked: (name) => asked[name] }).resources,
    ...settlingData({ site, make, asked: (name) => asked[name], latest, shown: (name) => shown[name] }),
    invoices: latest('invoices', '/api/v1/invoices'),
    memberships: latest('memberships', '/api/v1/memberships'),
    plans: make('money:read', {
      everyMs: 2 * minuteMs,
      load: () => api.list('/api/v1/membership-plans', { ...site, ...asked.plans }, 200),
    }),
    tariffs: make('money:read', {
      everyMs: minuteMs,
      load: () => api.list('/api/v1/tariffs', asked.tariffs, manyRows),
    }),
    assignments: make('money:read', {
      everyMs: minuteMs,
      load: () => api.list('/api/v1/tariff-assignments', site, manyRows),
    }),
    engines: make('money:read', { everyMs: 10 * minuteMs, load: () => api.get('/api/v1/tariff-engines') }),
    versions: make('money:read', {
      everyMs: 5 * minuteMs,
      async load() {
        const { tariffId } = asked.versions
        if (!tariffId) return { items: [], tariffId: null }
        return { ...(await api.list(`/api/v1/tariffs/${tariffId}/versions`, {}, 200)), tariffId }
      },
    }),
    groups: make('people:read', { everyMs: 5 * minuteMs, load: () => api.list('/api/v1/groups', {}, 400) }),
    accounts: make('people:read', { everyMs: 5 * minuteMs, load: () => api.list('/api/v1/accounts', {}, 200) }),
    bills: make('money:read', { everyMs: minuteMs, load: latestBills }),
    billTotals: make('money:read', {
      everyMs: minuteMs,
      load: async () => api.get('/api/v1/bill-totals', await daysQuery('bills')),
    }),
    payments: latest('payments', '/api/v1/payment-orders', onTheirWayMs),
    reported: latest('reported', '/api/v1/payments'),
    providers: make('money:read', {
      everyMs: 5 * minuteMs,
      load: () => api.get('/api/v1/payment-providers', site),
    }),
    disputes: latest('disputes', '/api/v1/disputes'),
    credits: latest('credits', '/api/v1/bill-credits'),
    exports: latest('exports', '/api/v1/ledger/exports'),
    exportFormats: make('money:read', {
      everyMs: 10 * minuteMs,
      load: () => api.get('/api/v1/ledger/export-formats'),
    }),
    standing: make('money:read', {
      everyMs: minuteMs,
      load: () => api.list('/api/v1/ledger/standing-exports', {}, 200),
    }),
    closing: make('money:read', {
      everyMs: minuteMs,
      load: () => api.get('/api/v1/ledger/closing', { ...site, ...asked.closing }),
    }),
    periods: make('money:read', { everyMs: minuteMs, load: () => api.list('/api/v1/ledger/periods', site, 200) }),
    trialBalance: make('money:read', {
      everyMs: 2 * minuteMs,
      load: async () =>
        api.get('/api/v1/ledger/trial-balance', { ...site, date: asked.trialBalance.date ?? (await today()) }),
    }),
    entries: make('money:read', {
      everyMs: minuteMs,
      load: () =>
        api.list(
          '/api/v1/ledger/entries',
          { ...site, ...asked.entries, sort: '-date', limit: Math.min(shown.entries, 200) },
          shown.entries,
        ),
    }),
    ledgerAccounts: make('money:read', { everyMs: 5 * minuteMs, load: () => api.get('/api/v1/ledger/accounts') }),
    mappings: make('money:read', {
      everyMs: 2 * minuteMs,
      load: () => api.list('/api/v1/ledger/account-mappings', {}, 200),
    }),
  }

  return {
    resources,
    asked: (name) => asked[name],
    /** Another filter of a list; fields that are empty ask for nothing. */
    ask(name, filter) {
      asked[name] = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== '' && value != null))
      if (name in shown) shown[name] = rowsAtFirst
      if (name === 'report') asked.reportRow = {}
      for (const one of [name, ...(follows[name] ?? [])]) resources[one]?.renew()
    },
    showMore(name) {
      shown[name] += 50
      resources[name]?.touch()
    },
    reportCsv: report.csv,
    /** Every bill of the filter, for a file. */
    allBills: async () => (await api.list('/api/v1/bills', await daysQuery('bills'), 20_000)).items,
  }
}

/** What `each` makes of the items, a few at a time. */
async function several(items, atOnce, each) {
  const made = []
  const queue = items.map((item, i) => [item, i])
  await Promise.all(
    Array.from({ length: Math.min(atOnce, queue.length) }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) made[next[1]] = await each(next[0])
    }),
  )
  return made
}

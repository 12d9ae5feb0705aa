// Owns what the pages about partners and reconciliation ask the hub for.
// Must not draw, and must not add up amounts.
import * as api from './api.js'

const minuteMs = 60_000
/** More is for a filter or a file. */
const mostItems = 2_000

/** `latest(name, path)` makes a list of newest records by its filter; `shown(name)` says how many of it are wanted. */
export function settlingData({ site, make, asked, latest, shown }) {
  return {
    partners: make('money:read', {
      everyMs: 2 * minuteMs,
      load: () => api.list('/api/v1/partners', { ...site, ...asked('partners') }, 400),
    }),
    agreements: make('money:read', {
      everyMs: 5 * minuteMs,
      load: () => api.list('/api/v1/revenue-agreements', site, 200),
    }),
    /** What records of partners can be priced by. */
    ocpiTariffs: make('money:read', {
      everyMs: 5 * minuteMs,
      async load() {
        const { items } = await api.list('/api/v1/tariffs', { scope: 'charging' }, 1_000)
        return { items: items.filter(({ engine }) => engine === 'tariff-ocpi') }
      },
    }),
    partnerCdrs: latest('partnerCdrs', '/api/v1/partner-cdrs'),
    cdrDisputes: latest('cdrDisputes', '/api/v1/cdr-disputes'),
    settlements: latest('settlements', '/api/v1/settlement-statements'),
    /** Its days are business days, not instants. */
    reconciliations: make('money:read', {
      everyMs: minuteMs,
      load: () => {
        const most = shown('reconciliations')
        return api.list(
          '/api/v1/reconciliations',
          { ...site, ...asked('reconciliations'), limit: Math.min(most, 200) },
          most,
        )
      },
    }),
    /** Of the reconciliation that the panel shows. */
    runItems: make('money:read', {
      everyMs: 2 * minuteMs,
      async load() {
        const { reconciliationId, ...filter } = asked('runItems')
        if (!reconciliationId) return { reconciliationId: null, items: [], more: false }
        const path = `/api/v1/reconciliations/${reconciliationId}/items`
        return { ...(await api.list(path, filter, mostItems)), reconciliationId }
      },
    }),
  }
}

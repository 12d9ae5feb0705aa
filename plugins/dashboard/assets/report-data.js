// Owns what the page about reports asks the hub for: the revenue of a span, the bills behind one of its rows, gaps in ticket numbers.
// Must not draw, and must not add up amounts.
import * as api from './api.js'
import { daysOfSpan } from './report-span.js'

const minuteMs = 60_000
const mostBills = 200
const revenuePath = '/api/v1/reports/revenue'

/** `asked(name)` gives the filter of a resource as it stands. */
export function reportData({ site, make, asked, today }) {
  async function spanQuery() {
    const { span = '', sites, ...days } = asked('report')
    if (span.startsWith('period:')) return { ...site, periodId: span.slice('period:'.length) }
    return { ...(sites === 'all' ? {} : site), ...daysOfSpan({ ...(span ? { span } : {}), ...days }, await today()) }
  }
  const groups = () => ({ by: asked('report').by ?? 'day' })

  return {
    resources: {
      report: make('money:read', {
        everyMs: 2 * minuteMs,
        load: async () => api.get(revenuePath, { ...(await spanQuery()), ...groups() }),
      }),
      reportRow: make('money:read', {
        everyMs: 2 * minuteMs,
        async load() {
          const { label, key } = asked('reportRow')
          if (label === undefined) return { items: [], more: false }
          return api.list(`${revenuePath}/bills`, { ...(await spanQuery()), ...groups(), key }, mostBills)
        },
      }),
      ticketGaps: make('money:read', {
        everyMs: 5 * minuteMs,
        load: async () => ({ items: (await api.get('/api/v1/reports/ticket-sequence', await spanQuery())).sequences }),
      }),
    },
    /** The rows of the report as the hub writes them into a file. */
    csv: async () => api.text(revenuePath, { ...(await spanQuery()), ...groups() }, 'text/csv'),
  }
}

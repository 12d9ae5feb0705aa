// Owns what the pages about invoices and memberships ask the hub for besides plain lists.
// Must not draw, and must not add up amounts.
import * as api from './api.js'

const minuteMs = 60_000

/** `asked(name)` gives the filter of a resource as it stands. */
export function accountMoneyData({ make, asked }) {
  return {
    resources: {
      /** Terms of the account that is chosen, and what its next invoice holds; both null where it is not invoiced. */
      accountTerms: make('money:read', {
        everyMs: 2 * minuteMs,
        async load() {
          const { accountId } = asked('accountTerms')
          if (!accountId) return { accountId: null, terms: null, running: null, deposits: [] }
          const path = `/api/v1/accounts/${accountId}`
          const terms = await known(api.get(`${path}/terms`))
          const running = terms === null ? null : await known(api.get(`${path}/running-invoice`))
          const { items: deposits } = await api.list(`${path}/deposits`, {}, 50)
          return { accountId, terms, running, deposits }
        },
      }),
    },
  }
}

/** Null for what is not there. */
async function known(asking) {
  try {
    return await asking
  } catch (error) {
    if (error instanceof api.Problem && error.status === 404) return null
    throw error
  }
}

// Owns a site's setting about telling its parking system what the hub has billed, and how an adjustment is told.
// Must not know what a vendor offers; core/services/parking-actions/tell-bill.ts does.

export const parcsMoneyWays = ['none', 'confirm', 'validate', 'promote', 'prepay'] as const
export type ParcsMoneyWay = (typeof parcsMoneyWays)[number]

/** `parcs_after_bill`: what the parking system is asked for when a bill with parking on it is issued. */
export function parcsMoneyWay(settings: unknown): ParcsMoneyWay {
  const given = typeof settings === 'object' && settings !== null ? { ...settings } : {}
  const { parcs_after_bill: way } = given as Record<string, unknown>
  return parcsMoneyWays.find((one) => one === way) ?? 'none'
}

// Owns a site's settings about payments and refunds: names, defaults, and who has to approve what.
// Must not fail on a setting that makes no sense; the API refuses such values beforehand.

export const refundWays = ['none', 'propose', 'automatic'] as const
export type RefundWay = (typeof refundWays)[number]

export interface PaymentSettings {
  /** What follows when an adjustment lowers a bill that was paid. */
  refundAfterAdjustment: RefundWay
  /** Refunds above it need somebody else than who asked; null: none do. */
  refundApprovalAboveMinor: number | null
  /** How long a driver has to pay. */
  checkoutMinutes: number
}

export function paymentSettings(settings: unknown): PaymentSettings {
  const given: Record<string, unknown> = typeof settings === 'object' && settings !== null ? { ...settings } : {}
  const { refund_after_adjustment: way, refund_approval_above_minor: above, checkout_minutes: minutes } = given
  return {
    refundAfterAdjustment: refundWays.find((one) => one === way) ?? 'propose',
    refundApprovalAboveMinor: typeof above === 'number' && Number.isSafeInteger(above) && above >= 0 ? above : null,
    checkoutMinutes: typeof minutes === 'number' && Number.isInteger(minutes) && minutes >= 30 ? minutes : 60,
  }
}

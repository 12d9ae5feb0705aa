// Owns what rules of the trade ask a receipt to say, and finding what an issued one lacks.
// Must not change a receipt, nor keep one from being issued: the bill stands, and somebody is told.
import type { Receipt, ReceiptSession } from './receipt.ts'

/**
 * `us_hb44`: NIST Handbook 44, 3.40 (also Texas 16 TAC 96.83). `us_ca`: the same by California's adoption (4 CCR 4002.11), type
 * evaluation and SB 454. `eu_afir`: Regulation (EU) 2023/1804, article 5. `eu_vat`: a simplified invoice, Directive 2006/112/EC,
 * article 226b. `de_pangv`: prices with tax, per kWh. `de_eichrecht`: measured values that can be checked.
 */
export const receiptRegimes = ['us_hb44', 'us_ca', 'eu_afir', 'eu_vat', 'de_pangv', 'de_eichrecht'] as const
export type ReceiptRegime = (typeof receiptRegimes)[number]

type Rule = (receipt: Receipt) => boolean

const some = (text: string | null | undefined) => text != null && text.trim() !== ''
const everySession =
  (holds: (session: ReceiptSession) => boolean): Rule =>
  ({ sessions }) =>
    sessions.every(holds)
const everyLine =
  (holds: (line: Receipt['lines'][number]) => boolean): Rule =>
  ({ lines }) =>
    lines.every(holds)

/** Names are part of the API: they stay. */
export const receiptItems = {
  number: ({ number }) => some(number),
  issued_at: ({ issuedAt }) => some(issuedAt),
  seller_name: ({ seller }) => some(seller.name),
  seller_address: ({ seller }) => some(seller.address),
  seller_tax_id: ({ seller }) => some(seller.taxId),
  support_phone: ({ seller }) => some(seller.phone),
  site_address: ({ site }) => some(site.address),
  evse_id: everySession((session) => some(session.evse.code)),
  energy: everySession((session) => some(session.energyKwh)),
  max_power: everySession((session) => some(session.maxPowerKw)),
  current_type: everySession((session) => session.current !== null),
  session_times: everySession((session) => some(session.startedAt) && session.endedAt !== null),
  unit_prices: everyLine((line) => some(line.unitPrice) && some(line.billedQuantity) && some(line.unit)),
  energy_priced_per_kwh: everyLine((line) => line.kind !== 'ENERGY' || line.unit === 'kWh'),
  tax_rates: everyLine((line) => some(line.taxRate) && some(line.taxCode)),
  prices_with_tax: everyLine((line) => line.taxIncluded || Number(line.taxRate) === 0),
  total: ({ totals }) => some(totals.total),
  meter_readings: everySession((session) => session.meter !== null),
  signed_data: everySession((session) => session.signed != null && session.signed.records > 0),
} as const satisfies Record<string, Rule>
export type ReceiptItem = keyof typeof receiptItems

const bought = ['number', 'issued_at', 'seller_name', 'total'] as const
const measured = [
  'energy',
  'unit_prices',
  'max_power',
  'current_type',
  'evse_id',
  'site_address',
  'session_times',
] as const

export const regimeItems: Readonly<Record<ReceiptRegime, readonly ReceiptItem[]>> = {
  us_hb44: [...bought, ...measured, 'energy_priced_per_kwh'],
  us_ca: [...bought, ...measured, 'energy_priced_per_kwh', 'support_phone'],
  eu_afir: [...bought, 'energy', 'unit_prices', 'evse_id', 'session_times'],
  eu_vat: [...bought, 'seller_address', 'seller_tax_id', 'tax_rates'],
  de_pangv: ['unit_prices', 'prices_with_tax', 'energy_priced_per_kwh', 'total'],
  de_eichrecht: [...bought, 'energy', 'evse_id', 'meter_readings', 'signed_data'],
}

export interface MissingItem {
  regime: ReceiptRegime
  item: ReceiptItem
}

export function missingItems(receipt: Receipt, regimes: readonly ReceiptRegime[]): MissingItem[] {
  return regimes.flatMap((regime) =>
    regimeItems[regime].filter((item) => !receiptItems[item](receipt)).map((item) => ({ regime, item })),
  )
}

/** Site setting `receipt_regimes`; names that are none are left out, as the API refuses them beforehand. */
export function regimesOf(given: unknown): ReceiptRegime[] {
  return Array.isArray(given) ? receiptRegimes.filter((regime) => given.includes(regime)) : []
}

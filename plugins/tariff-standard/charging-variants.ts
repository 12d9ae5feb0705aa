// Owns whose prices hold: those of the first variant that fits the driver, laid over the common ones.
// Must not price.
import type { PriceInput } from '../../core/plugin/index.ts'
import type { ChargingPart, ChargingPrices, ChargingRules, ChargingVariant } from './rules.ts'

export interface PricesFor {
  prices: ChargingPrices
  /** Where in the rules a part is said: "/energy", "/variants/0/energy". */
  pathOf(part: ChargingPart): string
  /** Why these, when they are not the common ones. */
  notes: readonly string[]
}

export function pricesFor(rules: ChargingRules, { groups, parkerKind }: PriceInput): PricesFor {
  const index =
    rules.variants?.findIndex(
      (variant) =>
        (variant.groups === undefined || variant.groups.some((code) => groups.includes(code))) &&
        (variant.parkers === undefined || (parkerKind !== undefined && variant.parkers.includes(parkerKind))),
    ) ?? -1
  const variant = rules.variants?.[index]
  if (variant === undefined) return { prices: rules, pathOf: (part) => `/${part}`, notes: [] }
  const { name, groups: ofGroups, parkers, without = [], ...own } = variant
  const prices: ChargingPrices = { ...rules, ...own }
  for (const part of without) delete prices[part]
  return {
    prices,
    pathOf: (part) => (own[part] === undefined ? `/${part}` : `/variants/${index}/${part}`),
    notes: [`Prices ${variantText(variant)}.`],
  }
}

export function variantText({ name, groups, parkers }: ChargingVariant): string {
  const who = [...(groups ?? []), ...(parkers ?? []).map((kind) => `${kind} parkers`)].join(', ')
  return `for ${name ?? (who === '' ? 'everybody' : who)}`
}

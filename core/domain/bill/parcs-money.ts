// Owns a site's settings about telling its parking system what the hub has billed, and how an adjustment is told.
// Must not know what a vendor offers; core/services/parking-actions/tell-bill.ts does.
import type { ParkingActionKind } from '../parking-action.ts'

export const parcsMoneyWays = ['none', 'confirm', 'validate', 'promote', 'prepay'] as const
export type ParcsMoneyWay = (typeof parcsMoneyWays)[number]

/** `parcs_after_bill`: what the parking system is asked for when a bill with parking on it is issued. */
export function parcsMoneyWay(settings: unknown): ParcsMoneyWay {
  const { parcs_after_bill: way } = named(settings)
  return parcsMoneyWays.find((one) => one === way) ?? 'none'
}

export type EnergyWay = 'product' | 'validate' | 'prepay'

const energyKinds = {
  product: 'stay.product',
  validate: 'stay.validate',
  prepay: 'stay.prepay',
} as const satisfies Record<EnergyWay, ParkingActionKind>

export interface EnergyTelling {
  way: EnergyWay
  /** Of the parking system, under which it charges for energy. */
  product: string | null
  providerNo: string | null
}

/**
 * How a parking system that bills the driver is told of energy: it is switched to the product that the site names for it, else
 * given the amount as a validation, else as a prepaid value. Null where it offers none of these. No documented interface takes a
 * positive charge by a third party, so what the amount means there is set up there.
 */
export function energyWay(settings: unknown, offered: (kind: ParkingActionKind) => boolean): EnergyTelling | null {
  const { parcs_energy_product: product, parcs_energy_provider: provider } = named(settings)
  const told = { product: text(product), providerNo: text(provider) }
  const ways: EnergyWay[] = told.product === null ? ['validate', 'prepay'] : ['product', 'validate', 'prepay']
  const way = ways.find((one) => offered(energyKinds[one]))
  return way === undefined ? null : { way, ...told }
}

function named(settings: unknown): Record<string, unknown> {
  return typeof settings === 'object' && settings !== null ? { ...settings } : {}
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

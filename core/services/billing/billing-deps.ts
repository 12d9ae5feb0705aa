// Owns what billing is given beside the usual: tariff engines by name, and the plugins that may add to a bill or hold it.
// Must not import a plugin; core/runtime puts the host behind these functions.
import type { PricedLine, TariffEngine } from '../../domain/price.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface PriceAsk {
  organizationId: string
  siteId: string
  subjectKey: string
  currency: string
  lines: readonly PricedLine[]
}

export interface SettleAsk {
  organizationId: string
  siteId: string
  subjectKey: string
  totalMinor: number
  currency: string
}

export interface BillingHooks {
  /** False when no plugin wants to be asked about bills of this site: then nobody is, and a bill takes one transaction, not two. */
  listening?(of: { organizationId: string; siteId: string }): boolean
  /**
   * The lines of each connection that answered, an empty list being an answer. Who is missing (too late, stopped, gone) keeps
   * the lines that it added before.
   */
  price(ask: PriceAsk): Promise<readonly { by: string; lines: readonly PricedLine[] }[]>
  /** The longest hold, if any. */
  settle(ask: SettleAsk): Promise<{ kind: 'pass' } | { kind: 'hold'; until: Date; reason: string }>
}

export interface BillingDeps extends ServiceDeps {
  /** Null when no running plugin provides it. */
  engine(name: string): TariffEngine | null
  hooks?: BillingHooks
}

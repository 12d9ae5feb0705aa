// Owns carrying a charging tariff from one format to another, with a list of everything that the other cannot say.
// Must not check the rules; the engine of their format has, and that of the other will.
import type { Lost, ReadTariff, WrittenTariff } from './neutral-tariff.ts'
import { type Edition, editions, type OcpiRules } from './ocpi-shape.ts'
import type { OcppRules } from './ocpp-shape.ts'
import { readOcpi } from './read-ocpi.ts'
import { readOcpp } from './read-ocpp.ts'
import { readStandard, type StandardRules } from './read-standard.ts'
import { writeOcpi } from './write-ocpi.ts'
import { writeOcpp } from './write-ocpp.ts'
import { writeStandard } from './write-standard.ts'

export const tariffFormats = ['standard', 'ocpi-2.1.1', 'ocpi-2.2', 'ocpi-2.2.1', 'ocpi-2.3.0', 'ocpp-2.1'] as const
export type TariffFormat = (typeof tariffFormats)[number]

/** Engines whose rules can be read. */
export type ExchangeEngine = 'tariff-standard' | 'tariff-ocpi' | 'tariff-ocpp'

export interface ConvertedTariff {
  engine: ExchangeEngine
  rules: object
  lost: readonly Lost[]
}

export function isExchangeEngine(engine: string): engine is ExchangeEngine {
  return engine === 'tariff-standard' || engine === 'tariff-ocpi' || engine === 'tariff-ocpp'
}

/** @param source rules that their engine has found valid, for charging */
export function convertTariff(
  source: { engine: ExchangeEngine; rules: unknown; currency: string },
  to: TariffFormat,
): ConvertedTariff {
  const { tariff, lost } = readTariff(source)
  const edition = editions.find((each) => to === `ocpi-${each}`)
  const written: WrittenTariff =
    to === 'ocpp-2.1' ? writeOcpp(tariff) : edition === undefined ? writeStandard(tariff) : writeOcpi(tariff, edition)
  const engine = to === 'ocpp-2.1' ? 'tariff-ocpp' : edition === undefined ? 'tariff-standard' : 'tariff-ocpi'
  return { engine, rules: written.rules, lost: distinct([...lost, ...stepsBetween(source, edition), ...written.lost]) }
}

export function readTariff({
  engine,
  rules,
  currency,
}: {
  engine: ExchangeEngine
  rules: unknown
  currency: string
}): ReadTariff {
  switch (engine) {
    case 'tariff-standard':
      return readStandard(rules as StandardRules, currency)
    case 'tariff-ocpi':
      return readOcpi(withoutNulls(rules) as OcpiRules)
    case 'tariff-ocpp':
      return readOcpp(rules as OcppRules)
  }
}

/** OCPI senders write null for what they leave out. */
function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_name, each) => (each === null ? undefined : each))
}

/** Steps have one name and three meanings. */
function stepsBetween(source: { engine: ExchangeEngine; rules: unknown }, to: Edition | undefined): Lost[] {
  if (source.engine !== 'tariff-ocpi' || to === undefined) return []
  const { edition, tariff } = source.rules as OcpiRules
  const meaning = (each: Edition) => (each === '2.3.0' ? '2.2.1' : each)
  const steps = tariff.elements.some(({ price_components }) =>
    price_components.some((each) => (each.step_size ?? 1) > 1),
  )
  if (!steps || meaning(edition) === meaning(to)) return []
  return [
    {
      pointer: '/tariff/elements',
      reason: `${edition} and ${to} take steps differently: sessions may cost a step more or less.`,
    },
  ]
}

function distinct(lost: readonly Lost[]): Lost[] {
  return [...new Map(lost.map((each) => [`${each.pointer} ${each.reason}`, each])).values()]
}

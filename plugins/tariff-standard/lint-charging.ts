// Owns what is doubtful about prices of charging, and what regulations do not allow.
// Must not judge what drivers with a contract are charged: the rules here are about what everybody pays.
import type { LintContext, LintFinding } from '../../core/plugin/index.ts'
import { hoursFindings, unreachable } from './lint-windows.ts'
import type { ChargingPrices, ChargingRules, ChargingVariant } from './rules.ts'

const europeanUnion = new Set(
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' '),
)

export function lintCharging(rules: ChargingRules, context: LintContext): LintFinding[] {
  const findings = lintPrices(rules, '')
  if (rules.energy === undefined) {
    const message = 'There is no price of energy: it is free.'
    findings.push({ pointer: '/energy', severity: 'warning', code: 'missing-default', message })
  }
  const { variants = [] } = rules
  for (const [i, variant] of variants.entries()) {
    const at = `/variants/${i}`
    const hider = variants.slice(0, i).findIndex((each) => hides(each, variant))
    if (hider !== -1) findings.push(unreachable(at, `/variants/${hider} fits whenever this one does, and comes first.`))
    if (variant.groups === undefined && variant.parkers === undefined) {
      findings.push(unreachable('/energy', `${at} has no condition, so it holds for everybody.`))
    }
    findings.push(...lintPrices(variant, at))
  }
  return [...findings, ...european(rules, context), ...american(rules, context)]
}

function hides(earlier: ChargingVariant, later: ChargingVariant): boolean {
  const covers = <T>(wide: readonly T[] | undefined, narrow: readonly T[] | undefined) =>
    wide === undefined || (narrow?.every((each) => wide.includes(each)) ?? false)
  return covers(earlier.groups, later.groups) && covers(earlier.parkers, later.parkers)
}

function lintPrices({ energy, time, idle, maximum, session }: ChargingPrices, at: string): LintFinding[] {
  const findings: LintFinding[] = []
  for (const [name, part] of Object.entries({ energy, time, idle })) {
    if (part === undefined) continue
    const rest = part.tiers === undefined ? `${at}/${name}/price` : `${at}/${name}/tiers`
    findings.push(...hoursFindings(part.windows ?? [], `${at}/${name}/windows`, rest))
    if (part.tiers !== undefined) findings.push(unreachable(`${at}/${name}/price`, 'Tiers stand in its place.', 'info'))
  }
  if (idle !== undefined) {
    findings.push(...hoursFindings(idle.quietHours ?? [], `${at}/idle/quietHours`, `${at}/idle/price`))
    if (idle.maximum === undefined && maximum === undefined) {
      const message = 'Nothing limits the idle fee of a car that is left plugged in.'
      findings.push({ pointer: `${at}/idle/maximum`, severity: 'info', code: 'no-maximum', message })
    }
  }
  if (session !== undefined && maximum !== undefined && Number(session.price) >= Number(maximum)) {
    findings.push(unreachable(`${at}/energy`, 'The session fee alone reaches the maximum.'))
  }
  return findings
}

/** AFIR, (EU) 2023/1804 article 5: from 50 kW on the ad hoc price is per kWh, and at most an occupancy fee beside it. */
function european(rules: ChargingRules, { country, maximumPowerKw = 0 }: LintContext): LintFinding[] {
  if (country === undefined || !europeanUnion.has(country) || maximumPowerKw < 50) return []
  const breach = (pointer: string, message: string): LintFinding => ({
    pointer,
    severity: 'error',
    code: 'afir',
    message: `${message} (EU 2023/1804, article 5).`,
  })
  const findings: LintFinding[] = []
  const { energy, time, session } = rules
  if (time !== undefined) {
    findings.push(
      breach('/time', 'At 50 kW and more, charging is not sold by time; only idling may cost by the minute'),
    )
  }
  if (session !== undefined) {
    findings.push(breach('/session', 'At 50 kW and more, there is no fee per session beside the price per kWh'))
  }
  if (energy === undefined && (time !== undefined || session !== undefined)) {
    findings.push(breach('/energy', 'At 50 kW and more, the price is per kWh'))
  }
  return findings
}

/** 23 CFR 680.116 (federal money) and NIST Handbook 44, 3.40 (sale by the kWh). */
function american(rules: ChargingRules, { country, federallyFunded }: LintContext): LintFinding[] {
  const findings: LintFinding[] = []
  const { energy, time, session, idle } = rules
  if (federallyFunded === true) {
    const breach = (pointer: string, message: string) =>
      findings.push({ pointer, severity: 'error', code: 'cfr-680', message: `${message} (23 CFR 680.116).` })
    if (energy === undefined) breach('/energy', 'The price is shown and charged per kWh')
    const changing = 'The price may not change during a session'
    if ((energy?.windows?.length ?? 0) > 0) breach('/energy/windows', changing)
    if (energy?.tiers !== undefined) breach('/energy/tiers', changing)
    for (const [name, part] of Object.entries({ time, session, idle })) {
      if (part === undefined) continue
      const message = 'Other fees have to be explained before the session begins (23 CFR 680.116).'
      findings.push({ pointer: `/${name}`, severity: 'info', code: 'cfr-680', message })
    }
  }
  if (country === 'US' && energy === undefined && time !== undefined) {
    const message = 'Electricity is sold by the kWh (NIST Handbook 44, 3.40).'
    findings.push({ pointer: '/energy', severity: 'warning', code: 'handbook-44', message })
  }
  return findings
}

// Owns trying rules on an example: what a stay or session would cost, to the cent, and the price in plain words.
// Must not store anything.
import { defaultRounding, roundLines, totalsOf } from '../../domain/bill/index.ts'
import { isTimeZone } from '../../domain/local-time.ts'
import type { ParkerKind } from '../../domain/parking-fact.ts'
import type { PricedLine, PricedSession, PricedStay, SessionPeriod } from '../../domain/price.ts'
import { type FieldProblem, invalid, type Outcome, ok } from '../manage/outcome.ts'
import type { BillingDeps } from './billing-deps.ts'
import { standardTariffEngine } from './manage-tariffs.ts'
import { brokenRules } from './tariff-rules.ts'

type Instant = string | Date

export interface PreviewRequest {
  engine?: string
  scope: 'parking' | 'charging'
  currency: string
  timeZone: string
  rules: unknown
  groups?: readonly string[]
  stay?: { enteredAt: Instant; exitedAt: Instant; parkerKind?: ParkerKind }
  /** `chargedUntil`: when the car was full; left out, it charges to the end. */
  session?: { pluggedAt: Instant; unpluggedAt: Instant; chargedUntil?: Instant; energyWh: number }
}

export interface Preview {
  currency: string
  description: readonly string[]
  lines: readonly PricedLine[]
  netMinor: number
  taxMinor: number
  totalMinor: number
}

/** Without a stay or session: the price in words only. */
export function previewPrice(deps: Pick<BillingDeps, 'engine'>): (input: PreviewRequest) => Outcome<Preview> {
  return (input) => {
    const { scope, currency, timeZone: zone, rules } = input
    const name = input.engine ?? standardTariffEngine
    const refusal = brokenRules(deps, name, rules, { scope, currency })
    if (refusal !== undefined) return refusal
    if (!isTimeZone(zone)) return invalid('/timeZone', 'There is no such time zone.')
    const engine = deps.engine(name)
    if (engine === null) return invalid('/engine', 'No running plugin provides this tariff engine.')
    const description = engine.describe(rules, { currency, zone })
    const problems = wrongTimes(input)
    if (problems.length > 0) return { kind: 'invalid', problems }
    const stay = scope === 'parking' && input.stay !== undefined ? stayOf(input.stay) : null
    const session = scope === 'charging' && input.session !== undefined ? sessionOf(input.session) : null
    if (stay === null && session === null) {
      return ok({ currency, description, lines: [], netMinor: 0, taxMinor: 0, totalMinor: 0 })
    }
    const result = engine.quote({ scope, rules, currency, zone, groups: input.groups ?? [], stay, session })
    if (result.kind === 'unpriceable') return invalid(scope === 'parking' ? '/stay' : '/session', result.reason)
    const totals = totalsOf(roundLines(result.lines, currency, defaultRounding))
    return ok({ currency, description, lines: result.lines, ...totals })
  }
}

function wrongTimes({ stay, session }: PreviewRequest): FieldProblem[] {
  const problems: FieldProblem[] = []
  const order = (pointer: string, first: Instant, then: Instant) => {
    if (new Date(then) < new Date(first)) problems.push({ pointer, message: 'It has to be later than the beginning.' })
  }
  if (stay !== undefined) order('/stay/exitedAt', stay.enteredAt, stay.exitedAt)
  if (session !== undefined) {
    order('/session/unpluggedAt', session.pluggedAt, session.unpluggedAt)
    const { chargedUntil = session.unpluggedAt } = session
    order('/session/chargedUntil', session.pluggedAt, chargedUntil)
    order('/session/unpluggedAt', chargedUntil, session.unpluggedAt)
  }
  return problems
}

const iso = (at: Instant) => new Date(at).toISOString()

function stayOf(stay: NonNullable<PreviewRequest['stay']>): PricedStay {
  return {
    stayId: 'preview',
    enteredAt: iso(stay.enteredAt),
    exitedAt: iso(stay.exitedAt),
    parkerKind: stay.parkerKind ?? 'transient',
    discounts: [],
  }
}

function sessionOf({
  pluggedAt,
  unpluggedAt,
  chargedUntil,
  energyWh,
}: NonNullable<PreviewRequest['session']>): PricedSession {
  const [from, until, full] = [iso(pluggedAt), iso(unpluggedAt), iso(chargedUntil ?? unpluggedAt)]
  const charging: SessionPeriod = { from, to: full, state: 'charging', energyWh }
  const idle: SessionPeriod[] = full < until ? [{ from: full, to: until, state: 'finished', energyWh: 0 }] : []
  return {
    sessionId: 'preview',
    pluggedAt: from,
    unpluggedAt: until,
    startedAt: from,
    endedAt: full,
    energyWh,
    periods: [charging, ...idle],
    flags: [],
  }
}

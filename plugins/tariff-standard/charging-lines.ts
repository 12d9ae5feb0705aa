// Owns the lines of a charging session: energy, time, session fee, reservation, idle time.
// Must not know the limits of a session or an account.
import { Decimal, type PricedLine } from '../../core/plugin/index.ts'
import type { ChargingContext } from './charging-limits.ts'
import { type EnergyShare, energyShares, wattHours } from './energy-shares.ts'
import { countedIdle } from './idle-time.ts'
import { durationText, pricedLine, taxOf, windowText } from './line.ts'
import type { ChargingPrices, EnergyPrice, TimePrice } from './rules.ts'
import { quantityText, shareText, type TimeShare, timeShares } from './timed-price.ts'

function kwh(energyWh: number): string {
  return new Decimal(energyWh).div(1000).toString()
}

/** Every watt-hour is on a line, also where energy costs nothing: what was delivered is counted from bills. */
export function energyLines({ prices, pathOf, main, session, input }: ChargingContext): PricedLine[] {
  const { energy, allowance } = prices
  const free = allowance === undefined ? 0 : freeEnergy(allowance, input.used)
  return energyShares(session, input.zone, energy, free).map(({ at, energyWh, shared }) => {
    const told = energyPrice(energy, at)
    const quantity = kwh(energyWh)
    const amount = new Decimal(told.price).times(quantity)
    const explanation = [`${quantity} kWh × ${told.price} = ${amount}.`]
    if (told.why !== '') explanation.unshift(told.why)
    if (at === 'free' && allowance !== undefined) explanation.unshift(allowanceText(allowance, free))
    if (shared) explanation.push('Energy measured across a change of price is shared by time, to the watt-hour.')
    return pricedLine({
      key: told.key,
      kind: 'ENERGY',
      description: told.name === '' ? 'Energy' : `Energy, ${told.name}`,
      quantity,
      billedQuantity: quantity,
      unit: 'kWh',
      unitPrice: told.price,
      amount,
      tax: taxOf(main, told.tax ?? energy?.tax),
      rulePath: at === 'free' ? pathOf('allowance') : `${pathOf('energy')}${told.path}`,
      explanation,
    })
  })
}

type Allowance = NonNullable<ChargingPrices['allowance']>

/** What is left of it: sessions that began earlier in the same stretch have taken theirs. */
function freeEnergy({ kwh: text, per }: Allowance, used: ChargingContext['input']['used']): number {
  const taken = per === 'session' ? 0 : (used?.[per].energyWh ?? 0)
  return Math.max(wattHours(text) - taken, 0)
}

function allowanceText({ kwh: text, per }: Allowance, free: number): string {
  const whole = `${text} kWh per ${per} are free`
  return free === wattHours(text) ? `${whole}.` : `${whole}; ${kwh(free)} kWh of them were left.`
}

function energyPrice(rule: EnergyPrice | undefined, at: EnergyShare['at']) {
  const plain = { key: 'energy', name: '', path: '', price: rule?.price ?? '0', tax: undefined, why: '' }
  if (at === 'free') return { ...plain, key: 'energy:free', name: 'free', price: '0' }
  if (at === 'plain') return plain
  const index = Number(at.slice(at.indexOf(':') + 1))
  const window = at.startsWith('window') ? rule?.windows?.[index] : undefined
  if (window !== undefined) {
    return {
      key: `energy:${index}`,
      name: window.name ?? windowText(window),
      path: `/windows/${index}`,
      price: window.price,
      tax: window.tax,
      why: `Energy taken ${windowText(window)}.`,
    }
  }
  const tier = rule?.tiers?.[index]
  const name = tierName(rule, index)
  const { price = '0', tax } = tier ?? {}
  return { key: `energy:tier:${index}`, name, path: `/tiers/${index}`, price, tax, why: `Energy ${name}.` }
}

function tierName(rule: EnergyPrice | undefined, index: number): string {
  const end = (i: number) => {
    const tier = rule?.tiers?.[i]
    if (tier?.untilKwh !== undefined) return `${tier.untilKwh} kWh`
    return tier?.untilMinutes === undefined ? null : durationText(tier.untilMinutes * 60_000)
  }
  const until = end(index)
  return until === null ? `after ${end(index - 1) ?? 'the start'}` : `up to ${until}`
}

/** A line for each price that was due. */
function shareLines(
  shares: readonly TimeShare[],
  told: { key: string; kind: PricedLine['kind']; description: string; path: string; notes: readonly string[] },
  { main }: ChargingContext,
): PricedLine[] {
  return shares.map((share) =>
    pricedLine({
      key: `${told.key}${share.suffix}`,
      kind: told.kind,
      description: share.name === '' ? told.description : `${told.description}, ${share.name}`,
      quantity: share.quantity,
      billedQuantity: share.billedQuantity,
      unit: share.unit,
      ...(share.per === undefined ? {} : { per: share.per }),
      unitPrice: share.price,
      amount: share.amount,
      tax: taxOf(main, share.tax),
      rulePath: `${told.path}${share.path}`,
      explanation: [
        ...told.notes,
        ...(share.name === '' ? [] : [`${durationText(share.ms)} of it are charged at the price ${share.name}.`]),
        shareText(share),
      ],
    }),
  )
}

export function timeLines(context: ChargingContext): PricedLine[] {
  const { time } = context.prices
  if (time === undefined) return []
  const { session, input } = context
  const plugged = time.counts === 'plugged'
  const stretches = plugged
    ? [{ from: Date.parse(session.pluggedAt), to: Date.parse(session.unpluggedAt) }]
    : session.periods
        .filter((period) => period.state === 'charging')
        .map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }))
  const ms = stretches.reduce((sum, { from, to }) => sum + Math.max(to - from, 0), 0)
  if (ms === 0) return []
  const shares = timeShares(stretches, input.zone, time)
  const units = shares.reduce((sum, share) => sum + Number(share.billedQuantity), 0)
  const notes = [`${plugged ? 'Plugged in' : 'Charging'} for ${durationText(ms)}: ${units} started ${unitOf(time)}s.`]
  const description = plugged ? 'Time plugged in' : 'Time charging'
  return shareLines(
    shares,
    { key: 'time', kind: 'CHARGE_TIME', description, path: context.pathOf('time'), notes },
    context,
  )
}

const unitOf = (rule: Pick<TimePrice, 'step'>) => rule.step ?? 'minute'

export function sessionLines({ prices, pathOf, main, session }: ChargingContext): PricedLine[] {
  const fee = prices.session
  if (fee === undefined || (session.energyWh === 0 && fee.withoutEnergy !== true)) return []
  return [
    pricedLine({
      key: 'session',
      kind: 'SESSION',
      description: 'Session fee',
      quantity: '1',
      billedQuantity: '1',
      unit: 'session',
      unitPrice: fee.price,
      amount: new Decimal(fee.price),
      tax: taxOf(main, fee.tax),
      rulePath: pathOf('session'),
      explanation: ['Once per charging session.'],
    }),
  ]
}

export function reservationLines(context: ChargingContext): PricedLine[] {
  const { prices, session, input, pathOf } = context
  const { reservation } = prices
  const kept = session.reservation
  if (reservation === undefined || kept?.outcome !== 'used') return []
  const stretch = { from: Date.parse(kept.from), to: Math.min(Date.parse(kept.to), Date.parse(session.pluggedAt)) }
  if (stretch.to <= stretch.from) return []
  const notes = [`The charger was kept for ${durationText(stretch.to - stretch.from)} before the car was plugged in.`]
  return shareLines(
    timeShares([stretch], input.zone, reservation),
    { key: 'reservation', kind: 'SESSION', description: 'Reservation', path: pathOf('reservation'), notes },
    context,
  )
}

export function idleLines(context: ChargingContext): PricedLine[] {
  const { idle } = context.prices
  if (idle === undefined) return []
  const { session, input, main } = context
  const path = context.pathOf('idle')
  const { stretches, idleMs, quietMs } = countedIdle(session.periods, input.zone, idle)
  if (idleMs === 0) return []
  const grace = (idle.graceMinutes ?? 0) * 60_000
  const mode = idle.graceMode ?? 'threshold'
  const lost = mode === 'cliff' && idleMs - quietMs > grace
  const shares = timeShares(stretches, input.zone, idle, {
    ms: lost ? 0 : grace,
    from: mode === 'deduct' ? 'end' : 'start',
  })
  const notes = [
    `Idle for ${durationText(idleMs)}: the car was plugged in and would not take energy.`,
    ...(quietMs > 0 ? [`${durationText(quietMs)} of it lie in quiet hours and do not count.`] : []),
    ...(grace > 0 ? [graceText(idle.graceMinutes ?? 0, mode, lost)] : []),
  ]
  const total = Decimal.sum(0, ...shares.map((share) => share.amount))
  if (idle.maximum !== undefined && total.gt(idle.maximum)) {
    return [
      pricedLine({
        key: 'idle',
        kind: 'IDLE',
        description: 'Idle after charging, maximum',
        quantity: '1',
        billedQuantity: '1',
        unit: 'session',
        unitPrice: idle.maximum,
        amount: new Decimal(idle.maximum),
        tax: taxOf(main, idle.tax),
        rulePath: path,
        explanation: [...notes, ...shares.map(shareText), `The maximum per session is ${idle.maximum}.`],
      }),
    ]
  }
  const [only, ...more] = shares
  const whole = only !== undefined && more.length === 0
  const measured = whole ? [{ ...only, quantity: quantityText(idleMs, idle.step) }] : shares
  const told = { key: 'idle', kind: 'IDLE' as const, description: 'Idle after charging', path, notes }
  return shareLines(measured, told, context)
}

function graceText(minutes: number, mode: 'threshold' | 'deduct' | 'cliff', lost: boolean): string {
  if (mode === 'deduct') return `The last ${minutes} minutes are free, once per session.`
  if (mode === 'threshold') return `The first ${minutes} minutes are free, once per session.`
  return lost ? `It was longer than ${minutes} minutes, so all of it counts.` : `Up to ${minutes} minutes are free.`
}

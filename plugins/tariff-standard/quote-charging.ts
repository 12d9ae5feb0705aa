// Owns the price of one charging session: energy, time, session fee, idle fee, and the session's minimum and maximum.
// Must not bill anything for time in which the station held the energy back.
import {
  Decimal,
  type PricedLine,
  type PricedSession,
  type PriceInput,
  type PriceResult,
} from '../../core/plugin/index.ts'
import { energyByWindow } from './energy-windows.ts'
import { countedIdle } from './idle-time.ts'
import { durationText, minutesText, noTax, pricedLine, statedAmount, taxOf } from './line.ts'
import type { ChargingRules, PriceWindow } from './rules.ts'

const minuteMs = 60_000

export function quoteCharging(rules: ChargingRules, session: PricedSession, input: PriceInput): PriceResult {
  const wrong = wrongFacts(session)
  if (wrong !== null) return { kind: 'unpriceable', reason: wrong }
  const lines = [
    ...energyLines(rules, session, input.zone),
    ...timeLines(rules, session),
    ...sessionLines(rules, session),
    ...idleLines(rules, session, input.zone),
  ]
  return { kind: 'priced', lines: [...lines, ...limitLines(rules, session, lines)] }
}

function wrongFacts(session: PricedSession): string | null {
  if (!Number.isSafeInteger(session.energyWh) || session.energyWh < 0) return 'The energy is not a count of watt-hours.'
  const periods = byStart(session)
  let energy = 0
  for (const [i, period] of periods.entries()) {
    const from = Date.parse(period.from)
    const to = Date.parse(period.to)
    if (Number.isNaN(from) || Number.isNaN(to) || to < from)
      return 'A period of the session has no proper beginning and end.'
    const before = periods[i - 1]
    if (before !== undefined && Date.parse(before.to) > from) return 'Periods of the session overlap.'
    if (!Number.isSafeInteger(period.energyWh) || period.energyWh < 0) return 'A period has no proper energy.'
    energy += period.energyWh
  }
  if (energy > session.energyWh) return 'The periods hold more energy than the session.'
  return null
}

function byStart(session: PricedSession) {
  return [...session.periods].sort(
    (a, b) => Date.parse(a.from) - Date.parse(b.from) || Date.parse(a.to) - Date.parse(b.to),
  )
}

function kwh(energyWh: number): string {
  return new Decimal(energyWh).div(1000).toString()
}

/** Every watt-hour is on a line, also where energy costs nothing: what was delivered is counted from bills. */
function energyLines(rules: ChargingRules, session: PricedSession, zone: string): PricedLine[] {
  const windows = rules.energy?.windows ?? []
  const shares = energyByWindow({ ...session, periods: byStart(session) }, zone, windows)
  const tax = taxOf(rules.tax, rules.energy?.tax)
  return shares.map(({ window, energyWh, shared }) => {
    const priced = windows[window]
    const unitPrice = priced?.price ?? rules.energy?.price ?? '0'
    const quantity = kwh(energyWh)
    const amount = new Decimal(unitPrice).times(quantity)
    const explanation = [`${quantity} kWh × ${unitPrice} = ${amount}.`]
    if (priced !== undefined) explanation.unshift(`Energy taken ${windowText(priced)}.`)
    if (shared) explanation.push('Energy measured across a change of price is shared by time, to the watt-hour.')
    return pricedLine({
      key: window === -1 ? 'energy' : `energy:${window}`,
      kind: 'ENERGY',
      description: priced === undefined ? 'Energy' : `Energy, ${priced.name ?? windowText(priced)}`,
      quantity,
      billedQuantity: quantity,
      unit: 'kWh',
      unitPrice,
      amount,
      tax,
      rulePath: window === -1 ? '/energy' : `/energy/windows/${window}`,
      explanation,
    })
  })
}

export function windowText(window: PriceWindow | { from: string; to: string; days?: readonly string[] }): string {
  const days = window.days === undefined ? '' : ` on ${window.days.join(', ')}`
  return `from ${window.from} to ${window.to}${days}`
}

/** Started minutes (or seconds) of a length of time, once for the whole session. */
function stepped(ms: number, step: 'minute' | 'second') {
  if (step === 'second') {
    const seconds = Math.ceil(ms / 1000)
    const measured = new Decimal(ms).div(1000).toString()
    return {
      quantity: measured,
      billedQuantity: `${seconds}`,
      unit: 'second' as const,
      per: '60',
      count: seconds,
      of: 60,
    }
  }
  const minutes = Math.ceil(ms / minuteMs)
  return { quantity: minutesText(ms), billedQuantity: `${minutes}`, unit: 'minute' as const, count: minutes, of: 1 }
}

function timeLines(rules: ChargingRules, session: PricedSession): PricedLine[] {
  const { time } = rules
  if (time === undefined) return []
  const plugged = time.counts === 'plugged'
  const ms = plugged
    ? Math.max(Date.parse(session.unpluggedAt) - Date.parse(session.pluggedAt), 0)
    : session.periods.reduce(
        (sum, p) => (p.state === 'charging' ? sum + Date.parse(p.to) - Date.parse(p.from) : sum),
        0,
      )
  if (ms === 0) return []
  const { count, of, ...quantities } = stepped(ms, time.step ?? 'minute')
  // Multiplied before it is divided: a price per minute for seconds stays exact wherever it can be.
  const amount = new Decimal(time.price).times(count).div(of)
  return [
    pricedLine({
      key: 'time',
      kind: 'CHARGE_TIME',
      description: plugged ? 'Time plugged in' : 'Time charging',
      ...quantities,
      unitPrice: time.price,
      amount,
      tax: taxOf(rules.tax, time.tax),
      rulePath: '/time',
      explanation: [
        `${plugged ? 'Plugged in' : 'Charging'} for ${durationText(ms)}: ${count} started ${quantities.unit}s.`,
        `${quantities.billedQuantity} × ${time.price}${of === 1 ? '' : ` / ${of}`} = ${amount}.`,
      ],
    }),
  ]
}

function sessionLines(rules: ChargingRules, session: PricedSession): PricedLine[] {
  const fee = rules.session
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
      tax: taxOf(rules.tax, fee.tax),
      rulePath: '/session',
      explanation: ['Once per charging session.'],
    }),
  ]
}

function idleLines(rules: ChargingRules, session: PricedSession, zone: string): PricedLine[] {
  const { idle } = rules
  if (idle === undefined) return []
  const { idleMs, quietMs } = countedIdle(byStart(session), zone, idle)
  if (idleMs === 0) return []
  const grace = (idle.graceMinutes ?? 0) * minuteMs
  const { count, of, ...quantities } = stepped(Math.max(idleMs - quietMs - grace, 0), idle.step ?? 'minute')
  const amount = new Decimal(idle.price).times(count).div(of)
  const explanation = [
    `Idle for ${durationText(idleMs)}: the car was plugged in and would not take energy.`,
    ...(quietMs > 0 ? [`${durationText(quietMs)} of it lie in quiet hours and do not count.`] : []),
    ...(grace > 0 ? [`The first ${idle.graceMinutes} minutes are free, once per session.`] : []),
    `${quantities.billedQuantity} ${quantities.unit}s × ${idle.price}${of === 1 ? '' : ` / ${of}`} = ${amount}.`,
  ]
  const shared = {
    key: 'idle',
    kind: 'IDLE',
    description: 'Idle after charging',
    tax: taxOf(rules.tax, idle.tax),
    rulePath: '/idle',
  } as const
  if (idle.maximum !== undefined && amount.gt(idle.maximum)) {
    return [
      pricedLine({
        ...shared,
        description: 'Idle after charging, maximum',
        quantity: '1',
        billedQuantity: '1',
        unit: 'session',
        unitPrice: idle.maximum,
        amount: new Decimal(idle.maximum),
        explanation: [...explanation, `The maximum per session is ${idle.maximum}.`],
      }),
    ]
  }
  const quantity = quantities.unit === 'minute' ? minutesText(idleMs) : new Decimal(idleMs).div(1000).toString()
  return [pricedLine({ ...shared, ...quantities, quantity, unitPrice: idle.price, amount, explanation })]
}

/** What a maximum takes away first: the driver should rather have paid for energy than for idling. */
const givenUpFirst = ['IDLE', 'CHARGE_TIME', 'SESSION', 'ENERGY'] as const
const named = { IDLE: 'idle fee', CHARGE_TIME: 'time', SESSION: 'session fee', ENERGY: 'energy' } as const

function limitLines(rules: ChargingRules, session: PricedSession, lines: readonly PricedLine[]): PricedLine[] {
  const total = Decimal.sum(0, ...lines.map(statedAmount))
  if (rules.minimum !== undefined && session.energyWh > 0 && total.lt(rules.minimum)) {
    const amount = new Decimal(rules.minimum).minus(total)
    const why = `The session came to ${total}; its minimum is ${rules.minimum}.`
    return [limitLine('minimum', 'SESSION', 'Up to the minimum per session', amount, taxOf(rules.tax), why)]
  }
  if (rules.maximum === undefined || total.lte(rules.maximum)) return []
  let excess = total.minus(rules.maximum)
  const why = `The session came to ${total}; its maximum is ${rules.maximum}.`
  return givenUpFirst.flatMap((kind) =>
    lines
      .filter((line) => line.kind === kind)
      .flatMap((line) => {
        const amount = Decimal.min(excess, statedAmount(line))
        if (amount.lte(0)) return []
        excess = excess.minus(amount)
        const included = line.gross !== undefined
        const tax = line.taxCode === noTax.code ? noTax : { code: line.taxCode, percent: line.taxRate, included }
        const text = `Maximum per session (${named[kind]})`
        return [limitLine(`maximum:${line.key}`, kind, text, amount.neg(), tax, why)]
      }),
  )
}

function limitLine(
  key: string,
  kind: PricedLine['kind'],
  description: string,
  amount: Decimal,
  tax: ReturnType<typeof taxOf>,
  why: string,
): PricedLine {
  return pricedLine({
    key,
    kind,
    description,
    quantity: '1',
    billedQuantity: '1',
    unit: 'session',
    unitPrice: amount.toString(),
    amount,
    tax,
    rulePath: key === 'minimum' ? '/minimum' : '/maximum',
    explanation: [why],
  })
}

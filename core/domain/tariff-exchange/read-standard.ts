// Owns reading the hub's own charging rules into single prices, as far as other formats can say them.
// Must not check the rules; the engine has.
import { Decimal } from '../money.ts'
import type { TaxRate } from '../tariff/index.ts'
import {
  type Lost,
  type NeutralPrice,
  type NeutralTariff,
  type NeutralWhen,
  present,
  type ReadTariff,
} from './neutral-tariff.ts'

interface Tax {
  code: string
  percent: string
}

interface Window {
  from: string
  to: string
  days?: readonly string[]
}

/** The part of the standard rules that is converted; whatever else they hold is told as lost. */
export interface StandardRules {
  scope: 'charging'
  tax?: Tax & { included: boolean }
  energy?: { price: string; windows?: readonly (Window & { price: string; name?: string })[]; tax?: Tax }
  time?: { price: string; counts?: 'charging' | 'plugged'; step?: 'minute' | 'second'; tax?: Tax }
  session?: { price: string; withoutEnergy?: boolean; tax?: Tax }
  idle?: {
    price: string
    graceMinutes?: number
    maximum?: string
    quietHours?: readonly Window[]
    counts?: 'afterCharging' | 'everyPause'
    step?: 'minute' | 'second'
    tax?: Tax
  }
  minimum?: string
  maximum?: string
}

const known: Readonly<Record<string, readonly string[]>> = {
  '': ['scope', 'tax', 'energy', 'time', 'session', 'idle', 'minimum', 'maximum'],
  '/energy': ['price', 'windows', 'tax'],
  '/time': ['price', 'counts', 'step', 'tax'],
  '/session': ['price', 'withoutEnergy', 'tax'],
  '/idle': ['price', 'graceMinutes', 'maximum', 'quietHours', 'counts', 'step', 'tax'],
}

export function readStandard(rules: StandardRules, currency: string): ReadTariff {
  const lost: Lost[] = []
  const lose = (pointer: string, reason: string) => lost.push({ pointer, reason })
  const included = rules.tax?.included === true
  const taxes = (own: Tax | undefined): TaxRate[] => {
    const tax = own ?? rules.tax
    return tax === undefined ? [] : [{ code: tax.code, percent: tax.percent }]
  }
  for (const [at, names] of Object.entries(known)) {
    const section: object = at === '' ? rules : (rules[at.slice(1) as 'energy'] ?? {})
    for (const name of Object.keys(section)) {
      if (!names.includes(name)) lose(`${at}/${name}`, 'Other formats have no word for this.')
    }
  }
  const prices: NeutralPrice[] = []
  const { energy, time, session, idle } = rules
  for (const [i, window] of (energy?.windows ?? []).entries()) {
    const pointer = `/energy/windows/${i}`
    if (window.days !== undefined && window.to <= window.from) {
      lose(pointer, 'Here its days are those on which it begins; there they are those on the wall.')
    }
    const price = new Decimal(window.price)
    prices.push({ dimension: 'energy', price, step: 1, taxes: taxes(energy?.tax), when: clockOf(window), pointer })
  }
  if (energy !== undefined) {
    const price = new Decimal(energy.price)
    prices.push({ dimension: 'energy', price, step: 1, taxes: taxes(energy.tax), when: {}, pointer: '/energy' })
  }
  if (time !== undefined) {
    if (time.counts === 'plugged') lose('/time/counts', 'Only the time charging is counted.')
    prices.push({ dimension: 'charging', ...perMinute(time), taxes: taxes(time.tax), when: {}, pointer: '/time' })
  }
  if (session !== undefined) {
    if (session.withoutEnergy !== true) lose('/session', 'The fee is due also when no energy flowed.')
    const price = new Decimal(session.price)
    prices.push({ dimension: 'fixed', price, step: 1, taxes: taxes(session.tax), when: {}, pointer: '/session' })
  }
  if (idle !== undefined) {
    if (idle.maximum !== undefined) lose('/idle/maximum', 'Other formats have no maximum of the idle fee.')
    if (idle.quietHours?.length) lose('/idle/quietHours', 'Quiet hours are left out: idling is charged in them.')
    if (idle.counts !== 'everyPause') lose('/idle/counts', 'Every pause of the car counts, not the last one only.')
    const grace = idle.graceMinutes ?? 0
    const when = grace === 0 ? {} : { idle: { min: `${grace * 60}` } }
    prices.push({ dimension: 'idle', ...perMinute(idle), taxes: taxes(idle.tax), when, pointer: '/idle' })
  }
  const limit = (name: 'minimum' | 'maximum'): Partial<NeutralTariff> => {
    const amount = rules[name]
    return amount === undefined ? {} : { [name]: { [included ? 'incl' : 'excl']: amount, pointer: `/${name}` } }
  }
  if (rules.minimum !== undefined) lose('/minimum', 'The minimum is due also when no energy flowed.')
  return { tariff: { currency, taxIncluded: included, prices, ...limit('minimum'), ...limit('maximum') }, lost }
}

function clockOf({ from, to, days }: Window): NeutralWhen {
  return present({ from, to, days })
}

function perMinute({ price, step = 'minute' }: { price: string; step?: 'minute' | 'second' }) {
  return { price: new Decimal(price).times(60), step: step === 'minute' ? 60 : 1 }
}

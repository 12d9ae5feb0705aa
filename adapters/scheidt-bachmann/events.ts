// Owns what one event of the parking system says in the hub's words.
// Must not store it, nor invent money: an amount that is not exact is refused.
import { createHash } from 'node:crypto'
import { type ParkingFact, vendorAmount } from '../../core/plugin/index.ts'
import { pathsIn, textAt } from './document.ts'
import type { EventKind, FieldMap } from './field-map.ts'
import { instantOf, type Mapped, mediumsOf, wrong } from './read-mapped.ts'

export interface EventContext {
  map: FieldMap
  zone: string
  /** Of amounts that come without one. */
  currency: string
}

const needStay: readonly EventKind[] = ['opened', 'closed', 'voided', 'corrected']

export function factOf(event: unknown, { map, zone, currency: siteCurrency }: EventContext): Mapped<ParkingFact> {
  const { fields, kindWords } = map.events
  const get = (name: keyof typeof fields, most?: number) => textAt(event, fields[name], most)
  const word = get('kind')
  if (word === undefined)
    return wrong(fields.kind ?? '', `holds no kind of event. The event has ${pathsIn(event).join(', ')}`)
  const kind = Object.entries(kindWords).find(([name]) => name.toLowerCase() === word.toLowerCase())?.[1]
  if (kind === undefined) return wrong(fields.kind ?? '', `is "${word.slice(0, 40)}", which kindWords does not know`)
  const occurredAt = instantOf(get('time'), zone)
  if (occurredAt === undefined) return wrong(fields.time ?? '', 'is no date and time')
  const revisionText = get('revision') ?? '1'
  if (!/^\d{1,9}$/.test(revisionText)) return wrong(fields.revision ?? '', 'is no whole number')
  const stayRef = get('stay')
  if (stayRef === undefined && needStay.includes(kind)) return wrong(fields.stay ?? '', 'is needed for this event')
  const mediums = mediumsOf(event, fields.mediums, map)
  if (mediums.kind === 'wrong') return mediums
  const credentials = mediums.value
  const lane = get('lane')
  const device = get('device')
  const reason = get('reason')
  const times: { enteredAt?: string; exitedAt?: string } = {}
  for (const name of ['enteredAt', 'exitedAt'] as const) {
    const text = get(name)
    if (text === undefined) continue
    const instant = instantOf(text, zone)
    if (instant === undefined) return wrong(fields[name] ?? '', 'is no date and time')
    times[name] = instant.toISOString()
  }
  const shared = {
    id: get('id') ?? nameOf([kind, stayRef, occurredAt.toISOString(), lane, get('amount'), get('transaction')]),
    revision: Number(revisionText),
    occurredAt,
    backfilled: false,
    ...(stayRef ? { stayRef } : {}),
    ...(lane ? { lane } : {}),
    ...(device ? { device } : {}),
  }
  const made = (fact: Pick<ParkingFact, 'type' | 'data'>): Mapped<ParkingFact> => ({
    kind: 'ok',
    value: { ...shared, ...fact } as ParkingFact,
  })
  const said = { ...(reason ? { reason } : {}) }
  const seen = credentials.length > 0 ? { credentials } : {}
  switch (kind) {
    case 'entry':
    case 'exit':
      return made({ type: 'gate.passed', data: { direction: kind, credentials } })
    case 'backout':
      return made({ type: 'gate.backedOut', data: { direction: 'entry', credentials } })
    case 'refused': {
      const data = { direction: 'entry', credentials, decision: 'declined' } as const
      return made({ type: 'gate.decided', data: { ...data, ...(reason ? { reasonCode: reason } : {}) } })
    }
    case 'opened':
      return made({ type: 'stay.opened', data: { ...seen, ...times, ...said } })
    case 'closed':
      return made({ type: 'stay.closed', data: { ...seen, ...times, ...said } })
    case 'voided':
      return made({ type: 'stay.voided', data: said })
    case 'corrected':
      return made({ type: 'stay.corrected', data: { changed: { ...times, ...seen } } })
    case 'payment':
    case 'refund':
    case 'validation': {
      const currency = (get('currency') ?? siteCurrency).toUpperCase()
      if (!/^[A-Z]{3}$/.test(currency)) return wrong(fields.currency ?? '', 'is no currency (ISO 4217)')
      const amountText = get('amount')
      const amount = vendorAmount(amountText, currency)
      if (kind === 'validation') {
        if (amountText !== undefined && amount === null) return wrong(fields.amount ?? '', 'is no exact amount')
        const provider = get('provider')
        const value = amount === null ? {} : { amountMinor: Math.abs(amount) }
        const named = provider ? { providerNo: provider } : {}
        return made({ type: 'discount.applied', data: { kind: 'validation', ...value, ...named, ...said } })
      }
      if (amount === null) return wrong(fields.amount ?? '', `is no exact amount of ${currency}`)
      const paidUntil = instantOf(get('paidUntil'), zone)
      const method = get('method', 64)
      const transaction = get('transaction')
      return made({
        type: kind === 'refund' || amount < 0 ? 'payment.refunded' : 'payment.captured',
        data: {
          amountMinor: Math.abs(amount),
          currency,
          scope: 'parking',
          ...(method ? { method } : {}),
          ...(transaction ? { vendorTransaction: transaction } : {}),
          ...(paidUntil ? { paidUntil: paidUntil.toISOString() } : {}),
        },
      })
    }
  }
}

/** The same event told twice has the same name, also where the vendor gives it none. */
function nameOf(parts: readonly (string | undefined)[]): string {
  return `unnamed/${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`
}

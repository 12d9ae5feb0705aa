// Owns what an EasyPark CameraPark transaction says in the hub's words: a parking that is over, its price, and who has the money.
// Must not decide whether it is new; the message book does.
import type { ParkingFact } from '../../../core/plugin/index.ts'
import { fieldsOf } from '../fields.ts'
import { readPrice } from '../price.ts'
import type { Heard } from '../receive.ts'
import { beganFact, collectedFact, endedFact, plate, pricedFact } from '../stay-facts.ts'
import type { EasyParkConfig } from './config.ts'

/** One call per paid parking, when it is over (EasyPark Partner API, webhook `parkingTransaction`). */
export function readTransaction(json: unknown, config: EasyParkConfig, now: Date): Heard {
  const fields = fieldsOf(json, now)
  const stayRef = fields.needText('/parkingId')
  const licenseNumber = fields.needText('/licenseNumber')
  const [start, end] = [fields.needInstant('/startDate'), fields.needInstant('/endDate')]
  const price = readPrice(fields, {
    currency: '/currency',
    gross: '/price',
    net: '/priceExclusiveVatAmount',
    tax: '/priceVatAmount',
  })
  const area = { id: fields.text('/parkingAreaId'), name: fields.text('/parkingAreaName') }
  if (end < start) fields.wrong('/endDate', 'must not be before startDate')
  if (fields.errors.length > 0) return { kind: 'wrong', errors: fields.errors }
  if (config.areas.length > 0 && !config.areas.includes(area.id ?? ''))
    return { kind: 'other', reason: `The area ${area.id ?? 'without an id'} is not of this site.` }
  const credentials = [plate(licenseNumber, config.plateCountry || undefined)]
  const content = { licenseNumber, start: start.toISOString(), end: end.toISOString(), price, area: area.id ?? null }
  return {
    kind: 'message',
    message: {
      name: `parking/${stayRef}`,
      content,
      at: end,
      async facts({ revision }, backfilled): Promise<ParkingFact[]> {
        const frame = { stayRef, revision, backfilled }
        return [
          beganFact(frame, { at: start, credentials, ...(area.id === undefined ? {} : { lane: area.id }) }),
          endedFact(frame, end),
          pricedFact(frame, end, price, { priceRef: stayRef, ...(area.name === undefined ? {} : { rate: area.name }) }),
          ...(config.collects === 'easypark' ? [collectedFact(frame, end, price, 'easypark')] : []),
        ]
      },
    },
  }
}

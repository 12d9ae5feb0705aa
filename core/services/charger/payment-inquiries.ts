// Owns the answers to stations that take payments themselves: what a terminal says goes to the books, a VAT number is looked at.
// Must not book money on the charger path: a job of the same commit does.
import type { Kysely } from 'kysely'
import { readTerminalMessage, type TerminalRead, terminalVendors } from '../../domain/payment/index.ts'
import { checkVatNumber } from '../../domain/vat-number.ts'
import { effect } from '../../store/charger-effects.ts'
import { noticeEffect } from '../../store/notice-effects.ts'
import type { HubTables } from '../../store/schema.ts'
import type { SettlementTold } from '../payments/book-settlement.ts'
import type { Asking, InquiryHandlers } from './inquiry-handlers.ts'
import { addReview, inStation } from './station-work.ts'

type Topic = 'payment.settled' | 'vat_number.check' | 'data_transfer'

export function paymentInquiries(deps: { db: Kysely<HubTables>; newId(): string }): Pick<InquiryHandlers, Topic> {
  return {
    // A receipt is the station's own; the hub has none of its own to name.
    'payment.settled': (settled, asking) => {
      book(asking, settled)
      return {}
    },
    'vat_number.check': ({ vatNumber }) => {
      const verdict = checkVatNumber(vatNumber)
      // Whose number it is would be for a register to say: company data only come with one.
      return verdict.kind === 'well_formed' ? { accepted: true } : { accepted: false, reason: verdict.reason }
    },
    async data_transfer({ vendorId, messageId, data }, asking) {
      const vendor = (await vendorsAt(deps.db, asking)).find((one) => one.vendorId === vendorId)
      if (vendor === undefined) return { status: 'unknown_vendor' }
      const read = readTerminalMessage(vendor, messageId, data)
      switch (read.kind) {
        case 'unknown_message':
          return { status: 'unknown_message' }
        case 'refused':
          refuse(deps, asking, read.reason)
          return { status: 'rejected', data: read.reason }
        case 'authorised':
          announce(deps, asking, read)
          return { status: 'accepted' }
        case 'money':
          book(asking, settledOf(read, asking.at))
          return { status: 'accepted' }
      }
    },
  }
}

async function vendorsAt(db: Kysely<HubTables>, { station }: Asking) {
  const { organization_id, site_id } = station.record
  if (site_id === null) return []
  const site = await db
    .selectFrom('site')
    .select('settings')
    .where('organization_id', '=', organization_id)
    .where('site_id', '=', site_id)
    .executeTakeFirst()
  return terminalVendors(site?.settings)
}

function book({ station, work, at, noticeId }: Asking, settled: SettlementTold['settled']): void {
  const { organization_id: organizationId, site_id: siteId, station_id: stationId } = station.record
  const payload = { organizationId, siteId, stationId, noticeId, at: at.toISOString(), settled }
  const key = `settlement:${noticeId}`
  work.effects.push(effect.job({ task: 'settlement.book', payload, key, queue: `settlement:${stationId}` }))
}

function settledOf(read: TerminalRead & { kind: 'money' }, at: Date): SettlementTold['settled'] {
  const { kind: _, means, reference, reason, at: told, ...rest } = read
  return {
    ...rest,
    pspRef: reference,
    status: means,
    at: told ?? at.toISOString(),
    ...(reason === undefined ? {} : { info: reason }),
  }
}

/** Under which a station's terminal has said that a card stands for a payment. */
export const announcedToken = (token: string) => JSON.stringify(['payment.authorised', token])

function announce(
  deps: { newId(): string },
  { station, work, at }: Asking,
  { token, reference }: TerminalRead & { kind: 'authorised' },
): void {
  work.effects.push(
    noticeEffect.notice({
      ...inStation(station),
      notice_id: deps.newId(),
      topic: 'payment.authorised',
      evse_number: null,
      at,
      device_at: null,
      received_at: work.receivedAt,
      request_id: null,
      sequence: null,
      data: { token, ...(reference === undefined ? {} : { reference }) },
      answer: null,
      content_key: announcedToken(token),
    }),
  )
}

function refuse(deps: { newId(): string }, { station, work, at, noticeId }: Asking, reason: string): void {
  addReview(deps, station, work, {
    contentKey: `terminal:${reason}`,
    kind: 'settlement',
    subjectType: 'station',
    subjectId: station.record.station_id,
    reason: `A message of the charger's payment terminal was refused: ${reason}`,
    data: { noticeId },
    at,
  })
}

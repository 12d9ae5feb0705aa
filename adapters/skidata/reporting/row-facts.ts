// Owns what a row of the reporting database says in the hub's words.
// Must not look at other rows: which stay a row belongs to is told to it.
import { type ParkingFact, type ReportedCredential, vendorAmount } from '../../../core/plugin/index.ts'
import type { Row } from './row-source.ts'
import type { ViewName } from './views.ts'

export interface RowContext {
  id: string
  revision: number
  occurredAt: Date
  backfilled: boolean
  currency: string
  stayRef: string | null
}

export type RowSays = 'entry' | 'exit' | 'refused' | 'payment' | 'other'

/** MovementType of entries and of exits. */
export interface MovementTypes {
  entryTypes: readonly number[]
  exitTypes: readonly number[]
}

/** A RejectionNo other than 0 says that the gate stayed shut. */
export function rowSays(view: ViewName, row: Row, { entryTypes, exitTypes }: MovementTypes): RowSays {
  if (view === 'RevenueParkingTrans') return 'payment'
  if (number(row.RejectionNo) !== 0 && number(row.RejectionNo) !== null) return 'refused'
  const type = number(row.MovementType)
  if (type === null) return 'other'
  return entryTypes.includes(type) ? 'entry' : exitTypes.includes(type) ? 'exit' : 'other'
}

/** Null for what says nothing to the hub; a text for what cannot be read. */
export function rowFact(
  view: ViewName,
  row: Row,
  types: MovementTypes,
  context: RowContext,
): ParkingFact | string | null {
  const { currency, stayRef, ...shared } = context
  const named = stayRef === null ? {} : { stayRef }
  const device = text(row.DeviceNo)
  const lane =
    device === null ? {} : { lane: `${text(row.FacilityNo) ?? ''}/${device}`, device: text(row.DeviceDesig) ?? device }
  const says = rowSays(view, row, types)
  switch (says) {
    case 'entry':
    case 'exit':
      return {
        ...shared,
        ...named,
        ...lane,
        type: 'gate.passed',
        data: {
          direction: says,
          credentials: credentialsOf(view, row),
          parkerKind: view === 'ContractParkerMovements' ? 'contract' : 'transient',
        },
      }
    case 'refused':
      return {
        ...shared,
        ...lane,
        type: 'gate.decided',
        data: {
          direction: types.exitTypes.includes(number(row.MovementType) ?? Number.NaN) ? 'exit' : 'entry',
          requestId: shared.id,
          decision: 'declined',
          reasonCode: text(row.RejectionDesig) ?? `rejection ${row.RejectionNo}`,
          credentials: credentialsOf(view, row),
        },
      }
    case 'payment': {
      const amountMinor = vendorAmount(row.Revenue, currency)
      if (amountMinor === null) return `Revenue is no amount in ${currency}`
      if (amountMinor === 0) return null
      return {
        ...shared,
        ...named,
        ...lane,
        type: amountMinor > 0 ? 'payment.captured' : 'payment.refunded',
        data: {
          amountMinor: Math.abs(amountMinor),
          currency,
          scope: 'parking',
          vendorTransaction: [row.FacilityNo, row.DeviceNo, row.TransactionNo]
            .map((part) => text(part) ?? '')
            .join('/'),
        },
      }
    }
    case 'other':
      return null
  }
}

function credentialsOf(view: ViewName, row: Row): ReportedCredential[] {
  const forms: [ReportedCredential['kind'], string | null][] = [
    [view === 'ContractParkerMovements' ? 'card' : 'ticket', text(row.CardNo)],
    ['card', text(row.SerialNo)],
    ['card', text(row.UserIdTag)],
    ['plate', text(row.PlateNo)],
  ]
  const told = forms.flatMap(([kind, value]) => (value === null ? [] : [{ kind, value }]))
  return [...new Map(told.map((one) => [`${one.kind} ${one.value}`, one])).values()]
}

export function text(value: string | null | undefined): string | null {
  const trimmed = (value ?? '').trim()
  return trimmed === '' || /[\p{Cc}\p{Cs}]/u.test(trimmed) ? null : trimmed
}

export function number(value: string | null | undefined): number | null {
  const trimmed = (value ?? '').trim()
  return /^-?\d{1,9}$/.test(trimmed) ? Number(trimmed) : null
}

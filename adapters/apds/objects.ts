// Owns the APDS 4.0 objects that cross the wire, as far as the hub reads or writes them.
// Must not hold rules beyond what each word stands for; what is read from outside is checked by object-schemas.ts first, and may carry more than is named here.
import type { ReportedCredential } from '../../core/plugin/index.ts'

/** CredentialTypeEnum of APDS 4.0. A permit and a hangtag carry a printed number, as a ticket does. */
export const kindOfType = {
  barcode: 'qr',
  bluetooth: 'app',
  eticket: 'ticket',
  hangtag: 'ticket',
  licensePlate: 'plate',
  permit: 'ticket',
  qrCode: 'qr',
  rfid: 'card',
  ticket: 'ticket',
  electronicID: 'app',
  ticketcoupon: 'ticket',
  vehicleplate: 'plate',
} as const satisfies Record<string, ReportedCredential['kind']>

export interface VersionedReference {
  id: string
  version: number
  className?: string
}

export interface ApdsCredential {
  type: keyof typeof kindOfType
  credentialAssignedType?: 'customer' | 'vehicle' | 'other'
  identifier: { id: string; className?: string }
}

export interface AmountInCurrency {
  currencyType: string
  currencyValue: number
}

export interface PaymentLine {
  id?: string
  version?: number
  identifierId?: string
  idCode?: string
  paymentType: 'payment' | 'validation'
  value: AmountInCurrency
}

export interface Payment {
  id?: string
  version?: number
  dateCollected?: string
  dateAuthorised?: string
  serviceProvider?: VersionedReference
  transactionID?: string
  idCode?: string
  endPeriodCovered?: string
  paymentLines: readonly PaymentLine[]
}

export interface PlannedUse {
  startTime: string
  endTime?: string
  cancelTime?: string
  expiryTime?: string
  credentialsAssigned?: readonly ApdsCredential[]
}

export interface AssignedRight {
  id: string
  version: number
  rightSpecification?: VersionedReference
  rightHolder?: { credentials?: readonly ApdsCredential[] }
  issuanceTime?: string
  expiry?: string
  plannedUses?: readonly PlannedUse[]
  payments?: readonly Payment[]
}

export interface Segment {
  id: string
  version: number
  actualStart: string
  actualEnd?: string
  /** A reference, or with `expand` (and in a creating POST) the whole right. */
  assignedRight?: VersionedReference | AssignedRight
  spaceId?: VersionedReference
  validationType?: readonly string[]
  credentialId?: { id: string; className?: string }
}

export interface Session {
  id: string
  version: number
  actualStart: string
  actualEnd?: string
  hierarchyElement?: VersionedReference
  identifiedCredentials: readonly ApdsCredential[]
  segments?: readonly Segment[]
  identifiedVehicle?: { country: string }
}

export interface HierarchyElement {
  id: string
  hierarchyElementReference?: {
    demandTable?: readonly {
      timestamp?: string
      demandType?: readonly { count?: number; percentage?: number; recordDateTime: string }[]
      demandSpaceType?: readonly {
        spaceId?: { id: string }
        detectionUpdateTime: string
        occupancyStartTime?: string
        occupancyEndTime?: string
      }[]
    }[]
    supply?: readonly { supplyQuantity: number; supplyViewType?: string }[]
  }
}

export interface EventSubscription {
  endpoint: string
  topics: readonly Topic[]
}

export const topics = [
  'AssignedRightCreated',
  'AssignedRightUpdated',
  'AssignedRightDeleted',
  'SessionCreated',
  'SessionUpdated',
  'SessionDeleted',
  'SystemEvents',
] as const
export type Topic = (typeof topics)[number]

export interface ListMeta {
  /** Unix seconds. */
  referenceInstant: number
  offset: number
  pageSize: number
  total: number
}

export interface DeletedReference {
  id: string
  className: string
  deleteTimestamp: string
}

/** How a whole right is told from a reference to one. */
export function isWholeRight(right: VersionedReference | AssignedRight): right is AssignedRight {
  return 'rightHolder' in right || 'rightSpecification' in right || 'payments' in right || 'plannedUses' in right
}

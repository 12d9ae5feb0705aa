// Owns the catalogue of hub events: their names, subjects and data.
// Must not carry anything that a subscriber would have to trust without reading the record itself: data is ids and headlines.

interface Place {
  siteId: string | null
}

/** Headlines of a payment that the hub asked for. */
interface PaymentOfOrder {
  orderId: string
  purpose: string
  method: string
  accountId: string | null
  amountMinor: number
  currency: string
}

interface ExportBatch extends Place {
  exportId: string
  periodId: string
  target: string
  number: number
  format: string
}

/** Data by event type. Additive only: names and fields stay once they have landed. */
export interface HubEvents {
  'station.connected': Place & { stationId: string; protocol: string }
  'station.disconnected': Place & { stationId: string; reason: string }
  'station.booted': Place & { stationId: string; vendor: string; model: string; firmware: string | null }
  'station.pending': Place & { stationId: string; code: string }
  'station.notice': Place & {
    stationId: string
    noticeId: string
    topic: string
    evse: number | null
    data: Record<string, unknown>
  }
  'station.log_received': Place & {
    stationId: string
    fileId: string
    commandId: string | null
    name: string
    sizeBytes: number
  }
  'campaign.started': Place & { campaignId: string; name: string; stations: number }
  'campaign.finished': Place & { campaignId: string; name: string; installed: number; failed: number; skipped: number }
  'campaign.stopped': Place & { campaignId: string; name: string; reason: string }
  'reservation.changed': Place & {
    reservationId: string
    stationId: string
    number: number
    state: string
    previous: string | null
    sessionId: string | null
  }
  /** Something stands at the station that is not as it is wanted, though it was or was told to be. */
  'station.drifted': Place & { stationId: string; kind: string; key: string; reason: string | null }
  'station.in_line': Place & { stationId: string }
  'station.certificate_changed': Place & {
    stationId: string
    certificateId: string
    state: string
    reason: string | null
  }
  'station.certificate_expiring': Place & { stationId: string; certificateId: string; notAfter: string }
  'station.security_changed': Place & {
    stationId: string
    changeId: string
    kind: string
    state: string
    reason: string | null
  }
  'connector.status_changed': Place & {
    stationId: string
    evse: number
    connector: number
    status: string
    previous: string | null
    errorCode: string | null
  }
  'charging_session.started': Place & { sessionId: string; stationId: string; evse: number }
  'charging_session.updated': Place & { sessionId: string; stationId: string; evse: number; energyWh: number }
  'charging_session.ended': Place & { sessionId: string; stationId: string; evse: number; energyWh: number }
  'charging_session.closed': Place & { sessionId: string; stationId: string; evse: number; energyWh: number }
  'charging_session.corrected': Place & { sessionId: string; stationId: string; evse: number; energyWh: number }
  'gate.declined': Place & { requestId: string; lane: string; reason: string }
  /** Granted all the same: an antipassback rule is soft, or a car leaves outside its hours. */
  'gate.flagged': Place & { requestId: string; lane: string; reason: string }
  'gate.backed_out': Place & { lane: string | null }
  'stay.opened': Place & { stayId: string; enteredAt: string | null }
  'stay.corrected': Place & { stayId: string; changed: string[] }
  'stay.closed': Place & { stayId: string; enteredAt: string | null; exitedAt: string | null }
  'stay.voided': Place & { stayId: string }
  'parking_reservation.changed': Place & {
    reservationId: string
    state: string
    previous: string | null
    from: string
    until: string
  }
  'stay.priced': Place & { stayId: string; amountMinor: number; currency: string; final: boolean }
  /** `active` is false when it turned out not to be so. */
  'stay.exited_while_plugged': Place & { stayId: string; sessionId: string; active: boolean; reason: string | null }
  'occupancy.drifted': Place & {
    counter: string
    category: string
    reported: number
    derived: number
    drift: number
  }
  'ev_bay.state_changed': Place & { bayId: string; state: string; previous: string | null; since: string }
  'ev_bay.blocked': Place & { bayId: string; since: string }
  'ev_bay.overstay': Place & { bayId: string; sessionId: string; idleSince: string }
  'bay.changed': Place & { bayId: string; occupied: boolean }
  'occupancy.changed': Place & { counter: string; occupied: number | null; free: number | null }
  'equipment.changed': Place & { deviceId: string; state: string; text: string | null }
  'payment.recorded': Place & {
    paymentId: string
    stayId: string | null
    kind: string
    amountMinor: number
    currency: string
    /** The parking connection that told of it. */
    connectionId: string | null
    /** The payment order it belongs to. */
    orderId: string | null
  }
  'payment.authorised': Place & PaymentOfOrder
  /** Money was taken (again, when a refund came back). */
  'payment.captured': Place & PaymentOfOrder & { movement: string }
  /** `operationId`: the refund that was asked for; null for one made at the provider's own desk. */
  'payment.refunded': Place & PaymentOfOrder & { movement: string; reason: string | null; operationId: string | null }
  /** A refund that was asked for was not made, and will not be: no money has gone. */
  'payment.refund_failed': Place & PaymentOfOrder & { operationId: string; reason: string | null }
  'payment.failed': Place & PaymentOfOrder & { state: string; reason: string | null }
  /** Nobody knows what became of an operation; the provider is being asked. */
  'payment.unknown': Place & PaymentOfOrder & { operationId: string; kind: string; reason: string | null }
  'link.linked': Place & { linkId: string; stayId: string; sessionId: string; method: string; decidedBy: string }
  'link.review': Place & { linkId: string; stayId: string; sessionId: string; score: number }
  'link.removed': Place & { linkId: string; stayId: string; sessionId: string; decidedBy: string }
  'bill.issued': Place & { billId: string; number: string; totalMinor: number; currency: string }
  'dispute.opened': Place & { disputeId: string; billId: string; amountMinor: number; currency: string }
  'dispute.decided': Place & {
    disputeId: string
    billId: string
    state: string
    creditedMinor: number | null
    currency: string
  }
  'bill.adjusted': Place & {
    billId: string
    number: string
    adjustsBillId: string
    totalMinor: number
    currency: string
  }
  'membership.started': Place & {
    membershipId: string
    accountId: string
    planId: string
    from: string
    billIds: string[]
  }
  'membership.renewed': Place & {
    membershipId: string
    accountId: string
    planId: string
    from: string
    billIds: string[]
  }
  'membership.paused': Place & {
    membershipId: string
    accountId: string
    planId: string
    from: string
    billIds: string[]
  }
  'membership.resumed': Place & {
    membershipId: string
    accountId: string
    planId: string
    from: string
    billIds: string[]
  }
  'membership.cancelled': Place & {
    membershipId: string
    accountId: string
    planId: string
    from: string
    billIds: string[]
  }
  'membership.ended': Place & {
    membershipId: string
    accountId: string
    planId: string
    from: string
    billIds: string[]
  }
  'invoice.issued': Place & {
    invoiceId: string
    number: string
    kind: string
    accountId: string
    totalMinor: number
    currency: string
    dueOn: string
  }
  'invoice.overdue': Place & {
    invoiceId: string
    number: string
    accountId: string
    openMinor: number
    currency: string
    dueOn: string
  }
  /** The same id came again with other content; it waits for a person. */
  'partner_cdr.conflict': Place & { cdrId: string; partnerId: string; externalId: string }
  'cdr_dispute.changed': Place & { disputeId: string; cdrId: string; partnerId: string; state: string }
  'settlement_statement.changed': Place & {
    statementId: string
    partyKind: string
    partyId: string
    month: string
    number: string
    state: string
    totalMinor: number
    currency: string
  }
  /** A run ended with other open differences than the one before. */
  'reconciliation.differs': Place & {
    reconciliationId: string
    kind: string
    from: string
    to: string
    openItems: number
  }
  'ledger.closed': Place & {
    periodId: string
    number: number
    currency: string
    from: string
    to: string
    entries: number
    hash: string
  }
  'ledger.export.created': ExportBatch & {
    hash: string
    entries: number
    supersedes: string | null
    /** The period is in the books outside already, as another batch. */
    deliveredBefore: boolean
  }
  'ledger.export.delivered': ExportBatch & { hash: string; reference: string }
  'ledger.export.cancelled': ExportBatch & { note: string | null }
  /** A standing export could not be made. */
  'ledger.export.failed': Place & {
    standingExportId: string
    periodId: string
    target: string
    format: string
    problems: { pointer: string; message: string }[]
  }
  'review.opened': Place & { reviewId: string; kind: string; reason: string }
  'review.resolved': Place & { reviewId: string; resolution: string }
  'command.queued': Place & { commandId: string; stationId: string; name: string }
  'command.finished': Place & {
    commandId: string
    stationId: string
    name: string
    state: string
    outcome: string | null
  }
  'credential.changed': Place & { credentialId: string; status: string }
  /** A credential that may no longer do something is known nowhere any more. */
  'credential.revocation_completed': Place & {
    credentialId: string
    revocationId: string
    cause: string
    seconds: number
    places: number
  }
  /** Places that could be reached have not followed in the stated time. */
  'credential.revocation_stalled': Place & {
    credentialId: string
    revocationId: string
    cause: string
    seconds: number
    waiting: number
    away: number
  }
  'parking_action.queued': Place & {
    actionId: string
    connectionId: string
    kind: string
    subjectType: string
    subjectKey: string
  }
  'parking_action.finished': Place & {
    actionId: string
    connectionId: string
    kind: string
    subjectType: string
    subjectKey: string
    state: string
    reason: string | null
  }
  'tariff.published': Place & { tariffId: string; version: number }
  'connection.state_changed': Place & { connectionId: string; state: string; reason: string | null }
}

export type EventName = keyof HubEvents

export type HubEvent<N extends EventName = EventName> = {
  [K in N]: {
    id: string
    type: K
    organizationId: string
    siteId: string | null
    subject: { type: string; id: string; version: number | null }
    occurredAt: Date
    recordedAt: Date
    data: HubEvents[K]
  }
}[N]

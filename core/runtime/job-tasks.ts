// Owns which service does the work of each durable job of the hub's own.
// Must not contain rules; what a job is given was put into it by its own maker.
import { disputeDue } from '../services/billing/manage-disputes.ts'
import { endBooking } from '../services/bookings/settle-bookings.ts'
import { advanceCampaign, followCampaigns } from '../services/campaigns/advance-campaign.ts'
import type { CertificateDeps } from '../services/certificates/certificate-deps.ts'
import { followSecurity } from '../services/certificates/follow-security.ts'
import { issueRequested } from '../services/certificates/issue-requested.ts'
import { defaultChargerSettings } from '../services/charger/charger-deps.ts'
import type { ChargerGateway } from '../services/charger/charger-gateway.ts'
import { expireCommand, giveUpPromise } from '../services/charger/finish-command.ts'
import { followCommand } from '../services/charger/follow-command.ts'
import { desiredChanged, localListsChanged } from '../services/desired/desired-changed.ts'
import { reconcileStation } from '../services/desired/reconcile-station.ts'
import { evaluateEvBay } from '../services/ev-bays/evaluate-ev-bay.ts'
import { runImport } from '../services/imports/import-people.ts'
import { collectInvoices } from '../services/invoices/collect-invoices.ts'
import { tellOverdue } from '../services/invoices/manage-invoices.ts'
import { closeOnSchedule } from '../services/ledger/close-on-schedule.ts'
import type { ExportDeps } from '../services/ledger/exports/prepare-export.ts'
import { runStandingExport } from '../services/ledger/exports/standing-exports.ts'
import { identityChanged } from '../services/linking/identity-changed.ts'
import { sessionsChanged } from '../services/linking/sessions-changed.ts'
import { type GuardDeps, guardLoad } from '../services/load/guard-load.ts'
import { followMembership } from '../services/memberships/follow-membership.ts'
import { recogniseMemberships } from '../services/memberships/recognise-memberships.ts'
import { checkDrift } from '../services/occupancy/check-drift.ts'
import { checkPluggedExit } from '../services/parking/check-plugged-exit.ts'
import { rederiveWaitingStays } from '../services/parking/rederive-waiting-stays.ts'
import { carryOutActions } from '../services/parking-actions/carry-out-actions.ts'
import { reconcilePreload } from '../services/parking-actions/reconcile-preload.ts'
import { bookSettlement } from '../services/payments/book-settlement.ts'
import { followOrder } from '../services/payments/follow-order.ts'
import type { PaymentDeps } from '../services/payments/payment-deps.ts'
import { refundOverpaid } from '../services/payments/refund-overpaid.ts'
import { tellCost } from '../services/payments/tell-cost.ts'
import { replayReader } from '../services/readers/replay-reader.ts'
import { rereadCards } from '../services/readers/reread-cards.ts'
import { endReservation, followReservation } from '../services/reservations/follow-reservation.ts'
import { beginReservation } from '../services/reservations/manage-reservations.ts'
import { accessEnded } from '../services/revocation/begin-revocation.ts'
import { followRevocation, followRevocationsAt } from '../services/revocation/follow-revocation.ts'
import type { RevocationDeps } from '../services/revocation/revocation-deps.ts'
import type { ServiceDeps } from '../services/service-deps.ts'
import type { JobTask } from '../store/job-worker.ts'

export interface JobTaskDeps {
  service: ServiceDeps
  certificates: CertificateDeps
  campaigns: Parameters<typeof advanceCampaign>[0]
  rematching: Parameters<typeof identityChanged>[0]
  parking: RevocationDeps
  payments: PaymentDeps
  load: GuardDeps
  gateway: Pick<ChargerGateway, 'closeOrphan' | 'wake'>
  costs: Parameters<typeof tellCost>[0]
  bills: (payload: never) => Promise<unknown>
  links: (payload: never) => Promise<unknown>
  formats: ExportDeps['formats']
}

export function jobTasks(deps: JobTaskDeps): Record<string, JobTask> {
  const { service, certificates, campaigns, gateway, parking } = deps
  const act = carryOutActions(parking)
  const follow = followOrder(deps.payments)
  return {
    'link.evaluate': task(deps.links),
    'sessions.changed': task(sessionsChanged(service)),
    'identity.changed': task(identityChanged(deps.rematching)),
    'reader.bound': task(replayReader(service)),
    'cards.reread': task(rereadCards(deps.rematching)),
    'bill.evaluate': task(deps.bills),
    'dispute.due': task(disputeDue(service)),
    'ledger.close': task(closeOnSchedule(service)),
    'invoice.collect': task(collectInvoices(service)),
    'invoice.overdue': task(tellOverdue(service)),
    'membership.follow': task(followMembership(service)),
    'membership.recognise': task(recogniseMemberships(service)),
    'ledger.export': task(runStandingExport({ ...service, formats: deps.formats })),
    'campaign.advance': task(advanceCampaign(campaigns)),
    'campaign.follow': task(followCampaigns(campaigns)),
    'reservation.begin': task(beginReservation(campaigns)),
    'reservation.end': task(endReservation(service)),
    'reservation.follow': task(followReservation(service)),
    'parking_reservation.end': task(endBooking(service)),
    'people_import.run': task(runImport(service)),
    'charger.orphan': task(gateway.closeOrphan),
    'desired.changed': task(desiredChanged(service)),
    'desired.lists_changed': task(localListsChanged(service)),
    'load.guard': task(guardLoad(deps.load)),
    'ev_bay.evaluate': task(evaluateEvBay(service)),
    'occupancy.check': task(checkDrift(service)),
    'stays.rederive_waiting': task(rederiveWaitingStays(service)),
    'stay.check_plugged': task(checkPluggedExit(service)),
    'station.reconcile': task(reconcileStation({ ...service, wake: (id) => gateway.wake(id) })),
    'command.expire': task(expireCommand(service, defaultChargerSettings.remoteStartMs)),
    'command.follow': task(followCommand(service)),
    'command.not_started': task(giveUpPromise(service)),
    'certificate.issue': task(issueRequested(certificates)),
    'security.follow': task(followSecurity(certificates)),
    'parking.act': (payload) => act(payload as never),
    'payment.follow': (payload) => follow(payload as never),
    'settlement.book': task(bookSettlement(service)),
    'terminal.cost': task(tellCost(deps.costs)),
    'refund.consider': task(refundOverpaid(deps.payments)),
    'preload.reconcile': task(reconcilePreload(service)),
    'access.ended': task(accessEnded(service)),
    'revocation.follow': task(followRevocation(parking)),
    'revocation.station': task(followRevocationsAt(parking)),
  }
}

/** Tasks are given what their own makers put into the payload; the services check nothing twice. */
function task<P>(run: (payload: P) => Promise<unknown>): JobTask {
  return async (payload) => {
    await run(payload as P)
    return undefined
  }
}

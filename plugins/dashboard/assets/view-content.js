// Owns which page stands behind each view of the address.
// Must not hold state.
import { billsView } from './bills-view.js'
import { disputesView } from './disputes-view.js'
import { exportsView } from './exports-view.js'
import { filesView } from './files-view.js'
import { invoicesView } from './invoices-view.js'
import { linksView } from './links-view.js'
import { liveView } from './live-view.js'
import { membershipsView } from './memberships-view.js'
import { parkingView } from './parking-view.js'
import { partnersView } from './partners-view.js'
import { paymentsView } from './payments-view.js'
import { peopleView } from './people-view.js'
import { periodsView } from './periods-view.js'
import { reconciliationView } from './reconciliation-view.js'
import { reportsView } from './reports-view.js'
import { stationPage } from './station-page.js'
import { stationsView } from './stations-view.js'
import { systemView } from './system-view.js'
import { tariffsView } from './tariffs-view.js'

export const content = {
  live: liveView,
  links: linksView,
  parking: parkingView,
  people: peopleView,
  stations: (all) => (all.station === null ? stationsView(all) : stationPage(all)),
  bills: billsView,
  payments: paymentsView,
  disputes: disputesView,
  invoices: invoicesView,
  memberships: membershipsView,
  partners: partnersView,
  reconciliation: reconciliationView,
  reports: reportsView,
  tariffs: tariffsView,
  periods: periodsView,
  exports: exportsView,
  system: systemView,
  files: filesView,
}

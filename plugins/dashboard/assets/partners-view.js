// Owns the page about partners: who settles with the site, their records with what differs, disputes, statements.
// Must not price and must not add up; one record, partner or statement is its panel's.
import { askedFilters } from './asked-filters.js'
import { importBlock } from './cdr-import.js'
import { cdrState, partnerOf, recordDisputeState } from './cdr-panel.js'
import { h } from './elements.js'
import { kwhText, majorText, money } from './formats.js'
import { icon } from './icons.js'
import { askPartner } from './partner-form.js'
import { recordTable } from './record-table.js'
import {
  cdrStates,
  differenceClasses,
  directions,
  optionsOf,
  partnerRoles,
  recordDisputeStates,
  statementStates,
} from './settling-words.js'
import { partyName, statementName, statementPapers, statementState } from './statement-panel.js'
import { forbidden } from './stay-table.js'
import { timeOf } from './time-of.js'

const forbids = 'Your key does not reach settling with partners: it needs money:read.'

export const partnersView = (app) => [
  partnerTable(app),
  app.can('money:write')
    ? importBlock(app)
    : app.can('money:read')
      ? h(
          'p.note',
          { key: 'may-not' },
          'Your key may look at partners. To take in records, to dispute or to settle it needs money:write.',
        )
      : null,
  recordsTable(app),
  disputeTable(app),
  statementTable(app),
]

const more = (app, list, label) =>
  app.data.get(list)?.value?.more ? h('button.more', { onclick: () => app.data.money.showMore(list) }, label) : null

const partnerChoice = (app, filter, name, label) => {
  const partners = app.data.items('partners')
  const asked = filter.asked[name]
  // A partner that is not listed may have been asked for by its panel.
  const others = asked && !partners.some(({ partnerId }) => partnerId === asked) ? [[asked, 'One partner']] : []
  return partners.length + others.length === 0
    ? null
    : filter.choice(name, label, 'All partners', [
        ...partners.map(({ partnerId, name: called }) => [partnerId, called]),
        ...others,
      ])
}

const partnerColumn = (app) => ({
  id: 'partner',
  label: 'Partner',
  cell: ({ partnerId }) => partnerOf(app, partnerId)?.name ?? h('span.none', '–'),
  csv: ({ partnerId }) => partnerOf(app, partnerId)?.name ?? partnerId,
})

function partnerTable(app) {
  const { data } = app
  const filter = askedFilters(app, 'partners')
  const open = ({ partnerId: id }, from) => app.open({ kind: 'partner', id }, from)
  return recordTable(app, {
    id: 'partners',
    title: 'Partners',
    note: 'Charging networks and roaming partners that settle with this site.',
    rows: data.items('partners'),
    source: data.get('partners') ?? forbidden,
    forbids,
    keyOf: ({ partnerId }) => partnerId,
    open,
    tools: [
      filter.text('search', 'Name or code of a partner', 'Name or code'),
      filter.choice('direction', 'Who owes', 'Both ways', optionsOf(directions)),
      filter.flag('archived', 'Archived'),
      app.can('money:write')
        ? h('button', { key: 'add', onclick: () => askPartner(app, null) }, icon('edit'), 'Add a partner')
        : null,
    ],
    columns: [
      {
        id: 'name',
        label: 'Name',
        sort: ({ name }) => name,
        cell: (one) => [
          h('button.inline.strong', { onclick: (event) => open(one, event.currentTarget) }, one.name),
          h('span.note', ` ${one.code}`),
        ],
        csv: ({ name }) => name,
      },
      { id: 'code', label: 'Code', hidden: true, csv: ({ code }) => code },
      {
        id: 'direction',
        label: 'Who owes',
        cell: ({ direction }) => directions[direction],
        csv: ({ direction }) => direction,
      },
      { id: 'role', label: 'Role', cell: ({ role }) => partnerRoles[role], csv: ({ role }) => role },
      {
        id: 'tariff',
        label: 'Priced anew by',
        cell: ({ tariffId }) => {
          const tariff = data.items('ocpiTariffs').find((one) => one.tariffId === tariffId)
          return tariffId === null ? 'Its own tariffs' : (tariff?.name ?? tariff?.code ?? 'A tariff')
        },
        csv: ({ tariffId }) => tariffId,
      },
      { id: 'tax', label: 'Tax', cell: ({ tax }) => `${tax.code}, ${tax.percent} %`, csv: ({ tax }) => tax.percent },
      { id: 'edition', label: 'OCPI', cell: ({ edition }) => edition, csv: ({ edition }) => edition },
      { id: 'currency', label: 'Currency', cell: ({ currency }) => currency, csv: ({ currency }) => currency },
    ],
    file: app.fileName('partners'),
    empty: filter.isFiltered
      ? filter.clear('No partner fits.')
      : h('p', 'Nobody settles with this site yet. Add a partner, then take in its records.'),
  })
}

function recordsTable(app) {
  const { data, times, now } = app
  const filter = askedFilters(app, 'partnerCdrs')
  const open = ({ cdrId: id }, from) => app.open({ kind: 'cdr', id }, from)
  return recordTable(app, {
    id: 'partnerCdrs',
    title: 'Records',
    note: 'Each is tied to its session and priced anew; what differs has its reason.',
    rows: data.items('partnerCdrs'),
    source: data.get('partnerCdrs') ?? forbidden,
    forbids,
    keyOf: ({ cdrId }) => cdrId,
    open,
    tools: [
      filter.text('externalId', 'Id of a record', 'Id of a record'),
      partnerChoice(app, filter, 'partnerId', 'Partner of records'),
      filter.choice('state', 'State of records', 'All states', optionsOf(cdrStates)),
      filter.choice('class', 'Difference', 'All differences', optionsOf(differenceClasses)),
      filter.day('from', 'From'),
      filter.day('to', 'to'),
    ],
    columns: [
      {
        id: 'record',
        label: 'Record',
        cell: (one) => [
          h('button.inline.strong', { onclick: (event) => open(one, event.currentTarget) }, one.externalId),
          one.credit ? h('span.note', ' credit') : null,
        ],
        csv: ({ externalId }) => externalId,
      },
      partnerColumn(app),
      {
        id: 'ended',
        label: 'Ended',
        sort: ({ endedAt }) => Date.parse(endedAt),
        cell: ({ endedAt }) => timeOf(times, endedAt, now),
        csv: ({ endedAt }) => times.exact(endedAt),
      },
      {
        id: 'state',
        label: 'State',
        cell: (one) => [cdrState(one), one.disputed ? h('span.note', ' disputed') : null],
        csv: ({ state }) => state,
      },
      {
        id: 'why',
        label: 'Why',
        cell: ({ findings }) => findings.map((one) => differenceClasses[one.class]).join(', '),
        csv: ({ findings }) => findings.map((one) => one.words).join(' '),
      },
      {
        id: 'energy',
        label: 'Energy',
        end: true,
        sort: ({ energyWh }) => energyWh,
        cell: ({ energyWh }) => `${kwhText(energyWh)} kWh`,
        csvLabel: 'Energy (kWh)',
        csv: ({ energyWh }) => kwhText(energyWh),
      },
      {
        id: 'theirs',
        label: 'Theirs',
        end: true,
        sort: ({ totalMinor }) => totalMinor,
        cell: ({ totalMinor, currency }) => h('b', money(totalMinor, currency)),
        csv: ({ totalMinor, currency }) => majorText(totalMinor, currency),
      },
      {
        id: 'ours',
        label: 'Ours',
        end: true,
        cell: ({ repriced, currency }) =>
          repriced === null ? h('span.none', '–') : money(repriced.totalMinor, currency),
        csv: ({ repriced, currency }) => (repriced === null ? null : majorText(repriced.totalMinor, currency)),
      },
      { id: 'currency', label: 'Currency', hidden: true, csv: ({ currency }) => currency },
      { id: 'id', label: 'Record id', hidden: true, csv: ({ cdrId }) => cdrId },
    ],
    file: app.fileName('partner-records'),
    empty: filter.isFiltered ? filter.clear('No record fits.') : h('p', 'No record of a partner was taken in yet.'),
    below: more(app, 'partnerCdrs', 'Older records'),
  })
}

function disputeTable(app) {
  const { data, times, now } = app
  const filter = askedFilters(app, 'cdrDisputes')
  const open = ({ cdrId: id }, from) => app.open({ kind: 'cdr', id }, from)
  const currencyOf = ({ partnerId }) => partnerOf(app, partnerId)?.currency ?? app.site?.currency
  return recordTable(app, {
    id: 'cdrDisputes',
    title: 'Disputes about records',
    note: 'One is opened from its record, and settled there.',
    rows: data.items('cdrDisputes'),
    source: data.get('cdrDisputes') ?? forbidden,
    forbids,
    keyOf: ({ disputeId }) => disputeId,
    open,
    tools: [
      partnerChoice(app, filter, 'partnerId', 'Partner of disputes'),
      filter.choice('state', 'State of disputes', 'All states', optionsOf(recordDisputeStates)),
    ],
    columns: [
      {
        id: 'reason',
        label: 'Reason',
        cell: (one) => h('button.inline.strong', { onclick: (event) => open(one, event.currentTarget) }, one.reason),
        csv: ({ reason }) => reason,
      },
      partnerColumn(app),
      { id: 'state', label: 'State', cell: recordDisputeState, csv: ({ state }) => state },
      {
        id: 'opened',
        label: 'Opened',
        cell: ({ createdAt }) => timeOf(times, createdAt, now),
        csv: ({ createdAt }) => times.exact(createdAt),
      },
      {
        id: 'answer',
        label: 'Their answer',
        cell: ({ answer }) => answer ?? h('span.none', '–'),
        csv: ({ answer }) => answer,
      },
      {
        id: 'expected',
        label: 'We expect',
        end: true,
        cell: (one) => money(one.expectedMinor, currencyOf(one)),
        csv: (one) => majorText(one.expectedMinor, currencyOf(one)),
      },
      {
        id: 'settled',
        label: 'Settled at net',
        end: true,
        cell: (one) =>
          one.settledNetMinor === null ? h('span.none', '–') : money(one.settledNetMinor, currencyOf(one)),
        csv: (one) => (one.settledNetMinor === null ? null : majorText(one.settledNetMinor, currencyOf(one))),
      },
    ],
    file: app.fileName('record-disputes'),
    empty: filter.isFiltered ? filter.clear('No dispute fits.') : h('p', 'No record was disputed.'),
    below: more(app, 'cdrDisputes', 'Older disputes'),
  })
}

function statementTable(app) {
  const { data, times, now } = app
  const filter = askedFilters(app, 'settlements')
  const open = ({ statementId: id }, from) => app.open({ kind: 'statement', id }, from)
  return recordTable(app, {
    id: 'settlements',
    title: 'Statements',
    note: 'One is drawn up from its partner, and posts as it is sent.',
    rows: data.items('settlements'),
    source: data.get('settlements') ?? forbidden,
    forbids,
    keyOf: ({ statementId }) => statementId,
    open,
    tools: [
      partnerChoice(app, filter, 'partyId', 'Partner of statements'),
      filter.choice('state', 'State of statements', 'All states', optionsOf(statementStates)),
    ],
    columns: [
      {
        id: 'number',
        label: 'Statement',
        cell: (one) =>
          h('button.inline.strong', { onclick: (event) => open(one, event.currentTarget) }, statementName(one)),
        csv: ({ number }) => number,
      },
      { id: 'party', label: 'With', cell: (one) => partyName(app, one), csv: (one) => partyName(app, one) },
      { id: 'state', label: 'State', cell: statementState, csv: ({ state }) => state },
      {
        id: 'month',
        label: 'Month',
        sort: ({ month }) => month,
        cell: ({ month }) => month,
        csv: ({ month }) => month,
      },
      {
        id: 'at',
        label: 'Drawn up',
        cell: ({ createdAt }) => timeOf(times, createdAt, now),
        csv: ({ createdAt }) => times.exact(createdAt),
      },
      {
        id: 'total',
        label: 'Total',
        end: true,
        sort: ({ totalMinor }) => totalMinor,
        cell: ({ totalMinor, currency }) => h('b', money(totalMinor, currency)),
        csv: ({ totalMinor, currency }) => majorText(totalMinor, currency),
      },
      { id: 'currency', label: 'Currency', hidden: true, csv: ({ currency }) => currency },
      { id: 'papers', label: 'On paper', cell: statementPapers },
    ],
    file: app.fileName('statements'),
    empty: filter.isFiltered ? filter.clear('No statement fits.') : h('p', 'No statement was drawn up yet.'),
    below: more(app, 'settlements', 'Older statements'),
  })
}

// Owns how one partner is shown in the panel: its terms, its statements, and drawing up the next.
// Must not add up records; the hub's statement does.
import * as api from './api.js'
import { h } from './elements.js'
import { money } from './formats.js'
import { icon } from './icons.js'
import { facts } from './links-view.js'
import { addDays } from './local-time.js'
import { askPartner } from './partner-form.js'
import { run } from './run-change.js'
import { directions, partnerRoles } from './settling-words.js'
import { statementName, statementState } from './statement-panel.js'

const mostStatements = 100

export async function readPartner(id) {
  const [partner, { items: statements }] = await Promise.all([
    api.get(`/api/v1/partners/${id}`),
    api.list('/api/v1/settlement-statements', { partyId: id }, mostStatements),
  ])
  return { ...partner, statements }
}

export const partnerTitle = (partner) => (partner ? partner.name : 'Partner')

export function partnerParts(app, partner) {
  return [headPart(app, partner), statementsPart(app, partner)]
}

function headPart(app, partner) {
  const { times } = app
  const { data } = app
  const tariff = data.items('ocpiTariffs').find(({ tariffId }) => tariffId === partner.tariffId)
  const columns = Object.keys(partner.csvMapping?.columns ?? {}).length
  const show = (list, filter) => {
    data.money.ask(list, { ...filter, partnerId: partner.partnerId })
    app.close()
    app.afterRender(() => document.getElementById(`block-${list}`)?.scrollIntoView({ block: 'start' }))
  }
  return h(
    'section',
    { key: 'head' },
    facts([
      ['Code', partner.code],
      ['Who owes', directions[partner.direction]],
      ['Currency', partner.currency],
      ...(partner.partyId === null
        ? []
        : [['OCPI party', [partner.countryCode, partner.partyId].filter(Boolean).join('*')]]),
      ['Role', partnerRoles[partner.role]],
      ['Commission', `${partner.commissionPercent} %`],
      ['Tax', `${partner.tax.code}, ${partner.tax.percent} %`],
      [
        'Priced anew by',
        partner.tariffId === null ? 'The tariff that each record brings' : (tariff?.name ?? tariff?.code ?? 'A tariff'),
      ],
      ['Tolerance', money(partner.toleranceMinor, partner.currency)],
      ['Edition of OCPI', partner.edition],
      ['Columns of its CSV', columns === 0 ? 'by their own names' : `${columns} mapped`],
      ...(partner.address.length === 0 ? [] : [['Address', partner.address.join(', ')]]),
      ['Added', times.full(partner.createdAt)],
    ]),
    h(
      'div.chips',
      h('button.small', { onclick: () => show('partnerCdrs', {}) }, 'Its records'),
      h('button.small', { onclick: () => show('partnerCdrs', { state: 'differs' }) }, 'Its differences'),
      h('button.small', { onclick: () => show('cdrDisputes', {}) }, 'Its disputes'),
    ),
    app.can('money:write')
      ? h(
          'div.chips',
          h('button.small', { onclick: () => askPartner(app, partner) }, icon('edit'), 'Change'),
          partner.archivedAt
            ? h('button.small', { onclick: () => bringBack(app, partner) }, 'Bring back')
            : h('button.small', { onclick: () => askArchive(app, partner) }, 'Archive'),
        )
      : null,
  )
}

function statementsPart(app, partner) {
  const { statements } = partner
  return h(
    'section',
    { key: 'statements' },
    h('h3', 'Statements'),
    statements.length === 0 ? h('p.note', 'None was drawn up yet.') : null,
    h(
      'ul.plain-list',
      statements.map((statement) =>
        h(
          'li',
          { key: statement.statementId },
          h(
            'button.inline.strong',
            { onclick: (event) => app.open({ kind: 'statement', id: statement.statementId }, event.currentTarget) },
            statementName(statement),
          ),
          statementState(statement),
          h('b.end', money(statement.totalMinor, statement.currency)),
        ),
      ),
    ),
    app.can('money:write') && !partner.archivedAt
      ? h(
          'div.chips',
          h('button.small', { onclick: () => askStatement(app, partner) }, icon('bill'), 'Draw up a statement'),
        )
      : null,
  )
}

/** The month that was over last. */
const lastMonth = ({ times, now }) => addDays(`${times.day(now).slice(0, 7)}-01`, -1).slice(0, 7)

export function askStatement(app, { partnerId, name }) {
  app.ask({
    title: `Draw up a statement for ${name}?`,
    text: 'All records up to the end of the month that stand on none and are not disputed, earlier months too, and what settled disputes correct.',
    action: 'Draw it up',
    tone: 'calm',
    fields: [{ name: 'month', label: 'Month', required: true, value: lastMonth(app), hint: 'Such as 2026-03.' }],
    async run({ month }) {
      const made = await run(app, {
        request: () => api.post(`/api/v1/partners/${partnerId}/statements`, { month: month.trim() }),
        done: 'The statement is drawn up',
        failed: 'Not drawn up',
        touch: ['settlements', 'partnerCdrs', 'cdrDisputes'],
      })
      if (made !== null) app.open({ kind: 'statement', id: made.statementId }, null)
    },
  })
}

function askArchive(app, { partnerId, version, name }) {
  app.ask({
    title: `Archive ${name}?`,
    text: 'Its records and statements stay. It can be brought back.',
    action: 'Archive',
    tone: 'danger',
    run: () =>
      run(app, {
        request: () => api.remove(`/api/v1/partners/${partnerId}`, version),
        done: 'The partner is archived',
        failed: 'Not archived',
        touch: ['partners'],
      }),
  })
}

function bringBack(app, { partnerId, version }) {
  return run(app, {
    request: () => api.patch(`/api/v1/partners/${partnerId}`, { archived: false }, version),
    done: 'The partner is back',
    failed: 'Not brought back',
    touch: ['partners'],
  })
}

// Owns how one statement is shown in the panel: its lines, its papers, and its way from draft to paid.
// Must not add up; the hub did.
import * as api from './api.js'
import { download } from './csv.js'
import { h } from './elements.js'
import { kwhText, money } from './formats.js'
import { icon } from './icons.js'
import { facts } from './links-view.js'
import { run } from './run-change.js'
import { statementStates } from './settling-words.js'
import { stateWord } from './station-talk.js'
import { held, hold } from './typed-state.js'

export const statementName = ({ number, month }) => number ?? `Draft of ${month}`
export const statementTitle = (statement) => (statement ? `Statement ${statementName(statement)}` : 'Statement')
export const statementState = ({ state }) => stateWord(statementStates, state)

const linesAtFirst = 40
const pathOf = ({ statementId }, what = '') => `/api/v1/settlement-statements/${statementId}${what}`

/** Name of the partner or of the owner's agreement. */
export function partyName(app, { partyKind, partyId }) {
  const found =
    partyKind === 'partner'
      ? app.data.items('partners').find((one) => one.partnerId === partyId)
      : app.data.items('agreements').find((one) => one.agreementId === partyId)
  return found?.name ?? (partyKind === 'partner' ? 'Archived partner' : 'Archived agreement')
}

export function statementPapers(statement) {
  const link = (key, what, label) =>
    h(
      'a.tool-link',
      { key, href: pathOf(statement, what), target: '_blank', rel: 'noopener' },
      label,
      h('span.unseen', ` of ${statementName(statement)}, in a new tab`),
    )
  return [link('page', '/document?format=html', 'Page'), link('pdf', '/document?format=pdf', 'PDF')]
}

export function statementParts(app, statement) {
  return [headPart(app, statement), linesPart(app, statement)]
}

function headPart(app, statement) {
  const { times } = app
  const { currency, partyKind, partyId } = statement
  const at = (label, instant) => (instant === null ? [] : [[label, times.full(instant)]])
  return h(
    'section',
    { key: 'head' },
    h(
      'p.figure',
      { 'data-figure': 'statement' },
      money(statement.totalMinor, currency),
      ' ',
      h('small', `net ${money(statement.netMinor, currency)}, tax ${money(statement.taxMinor, currency)}`),
    ),
    h('p', statementState(statement)),
    facts([
      [
        'With',
        partyKind === 'partner'
          ? h(
              'button.inline',
              { onclick: (event) => app.open({ kind: 'partner', id: partyId }, event.currentTarget) },
              partyName(app, statement),
            )
          : partyName(app, statement),
      ],
      ['Up to the end of', statement.month],
      ['Drawn up', times.full(statement.createdAt)],
      ...at('Sent', statement.sentAt),
      ...at('Agreed', statement.agreedAt),
      ...at('Paid', statement.paidAt),
    ]),
    h(
      'div.chips',
      statementPapers(statement),
      h('button.small', { onclick: () => saveLines(app, statement) }, icon('download'), 'Lines as CSV'),
    ),
    app.can('money:write') ? actions(app, statement) : null,
  )
}

function linesPart(app, { lines, currency, statementId }) {
  const { shown = linesAtFirst } = held(app, `settling-lines-${statementId}`)
  return h(
    'section',
    { key: 'lines' },
    h('h3', 'Lines', h('span.count', ` ${lines.length}`)),
    lines.length === 0 ? h('p.note', 'No record and no correction is on it.') : null,
    h(
      'ul.price-lines',
      lines
        .slice(0, shown)
        .map((line) =>
          h(
            'li',
            { key: `${line.kind} ${line.id}` },
            h(
              'p.price-line',
              line.kind === 'cdr'
                ? h(
                    'button.inline.strong',
                    { onclick: (event) => app.open({ kind: 'cdr', id: line.id }, event.currentTarget) },
                    line.text,
                  )
                : h('b', line.kind === 'correction' ? `Correction of ${line.text}` : line.text),
              h('b', money(line.totalMinor, currency)),
            ),
            h(
              'p.note',
              [
                line.date,
                line.energyWh === 0 ? null : `${kwhText(line.energyWh)} kWh`,
                `net ${money(line.netMinor, currency)}`,
                `tax ${money(line.taxMinor, currency)}`,
                line.words,
              ]
                .filter(Boolean)
                .join(' · '),
            ),
          ),
        ),
    ),
    lines.length > shown
      ? h(
          'button.more',
          { onclick: () => hold(app, `settling-lines-${statementId}`, { shown: shown + 100 }) },
          `Show more (${lines.length - shown} left)`,
        )
      : null,
  )
}

const steps = {
  draft: {
    to: 'sent',
    label: 'Mark as sent',
    title: 'Is it sent?',
    text: 'It gets its number, without a gap, and each of its lines is posted once. For good: what is wrong then is corrected by the next.',
  },
  sent: { to: 'agreed', label: 'They agree', title: 'Do they agree?', text: 'To all of it, as it was sent.' },
  agreed: { to: 'paid', label: 'It is paid', title: 'Is it paid?', text: 'The money is posted to the bank, for good.' },
}

const touch = ['settlements', 'partnerCdrs', 'cdrDisputes']

function actions(app, statement) {
  const step = steps[statement.state]
  if (!step) return null
  return h(
    'div.chips',
    h('button.small', { onclick: () => askStep(app, statement, step) }, icon('check'), step.label),
    statement.state === 'draft'
      ? h('button.small', { onclick: () => askDiscard(app, statement) }, 'Discard the draft')
      : null,
  )
}

function askStep(app, statement, { to, label, title, text }) {
  app.ask({
    title,
    text: `${money(statement.totalMinor, statement.currency)} with ${partyName(app, statement)}. ${text}`,
    action: label,
    tone: 'calm',
    run: () =>
      run(app, {
        request: () => api.post(pathOf(statement, '/state'), { state: to }),
        done: `The statement is ${to}`,
        failed: 'Not done',
        touch,
      }),
  })
}

function askDiscard(app, statement) {
  app.ask({
    title: 'Discard this draft?',
    text: 'Its records stand on no statement then, and come on the next.',
    action: 'Discard',
    tone: 'danger',
    async run() {
      // Closed first: what is gone cannot be read again.
      app.close()
      await run(app, {
        request: async () => (await api.remove(pathOf(statement))) ?? true,
        done: 'The draft is discarded',
        failed: 'Not discarded',
        touch,
      })
    },
  })
}

async function saveLines(app, statement) {
  try {
    const name = statementName(statement).replaceAll(/[^A-Za-z0-9-]+/g, '-')
    download(app.fileName(`statement-${name}`), await api.text(pathOf(statement), {}, 'text/csv'))
  } catch (error) {
    app.say({ tone: 'bad', title: 'Not saved', text: error.message })
  }
}

// Owns how one bill is shown in the panel: why each line is what it is, taxes, adjustments, disputes, where it stands in the ledger.
// Must not load; bill-details.js does.
import { disputesPart } from './bill-disputes.js'
import { h } from './elements.js'
import { money } from './formats.js'
import { icon } from './icons.js'
import { facts } from './links-view.js'
import { plain } from './words.js'

export const billTitle = (value) =>
  value ? `${value.bill.kind === 'adjustment' ? 'Adjustment' : 'Bill'} ${value.bill.number}` : 'Bill'

export function billParts(app, value) {
  const { bill, receipt, entries, chain } = value
  return [
    headPart(app, bill, receipt),
    linesPart(app, bill, receipt),
    taxPart(receipt),
    chain.length > 1 ? chainPart(app, bill, chain) : null,
    disputesPart(app, value),
    ledgerPart(entries),
  ]
}

function headPart(app, bill, receipt) {
  const { times, now } = app
  const { stayId, sessionId, currency } = bill
  const sessions = [...new Set([sessionId, ...bill.lines.map((line) => line.sessionId)].filter(Boolean))]
  const opens = (kind, id, label, sign) =>
    h('button.small', { onclick: (event) => app.open({ kind, id }, event.currentTarget) }, icon(sign), label)
  return h(
    'section',
    { key: 'head' },
    h(
      'p.figure',
      { 'data-figure': 'bill' },
      money(bill.totalMinor, currency),
      ' ',
      h('small', `net ${money(bill.netMinor, currency)}, tax ${money(bill.taxMinor, currency)}`),
    ),
    facts([
      ['Issued', `${times.full(bill.issuedAt)} by ${bill.issuedBy === 'hub' ? 'the hub' : bill.issuedBy}`],
      ['Service', `${times.near(bill.serviceFrom, now)} – ${times.near(bill.serviceTo, now)}`],
      ...(bill.reason === null ? [] : [['Reason', bill.reason]]),
      ['Still to pay', `${receipt.due} ${currency}`],
      ...receipt.payments.map((one) => [
        plain(one.kind),
        `${one.amount} ${currency}${one.method ? ` by ${one.method}` : ''}, ${times.near(one.at, now)}`,
      ]),
    ]),
    h('p.note', 'Payments and what is still to pay are as they were when it was issued.'),
    h(
      'div.chips',
      h(
        'a.tool-link',
        { href: `/api/v1/bills/${bill.billId}/receipt`, target: '_blank', rel: 'noopener' },
        icon('bill'),
        'Receipt',
        h('span.unseen', ' in a new tab'),
      ),
      stayId === null ? null : opens('stay', stayId, 'Stay', 'car'),
      sessions.map((id, i) => opens('session', id, sessions.length > 1 ? `Session ${i + 1}` : 'Session', 'bolt')),
    ),
  )
}

function linesPart(app, { lines, currency }, { tariffs }) {
  return h(
    'section',
    { key: 'lines' },
    h('h3', 'Lines'),
    h(
      'ul.price-lines',
      lines.map((line) => {
        const tariff = tariffs.find(({ tariffId }) => tariffId === line.tariffId)
        return h(
          'li',
          { key: line.line },
          h('p.price-line', h('b', line.description), h('b', money(line.totalMinor, currency))),
          facts([
            [
              'Quantity',
              line.quantity === line.billedQuantity
                ? `${line.quantity} ${line.unit}`
                : `${line.quantity} ${line.unit}, billed ${line.billedQuantity} after steps`,
            ],
            [
              'Price',
              `${line.unitPrice} ${currency}${line.perQuantity === '1' ? '' : ` per ${line.perQuantity}`} ${line.taxIncluded ? 'with' : 'before'} tax`,
            ],
            [
              'Net and tax',
              `${money(line.netMinor, currency)} + ${money(line.taxMinor, currency)} (${line.taxCode ?? 'no code'}, ${line.taxRate} %)`,
            ],
            ['Rounding', plain(line.rounding).toLowerCase()],
            ...(line.tariffId === null
              ? []
              : [
                  [
                    'Rule',
                    [
                      h(
                        'a',
                        {
                          href: app.tariffPath(line.tariffId),
                          onclick(event) {
                            app.follow(event)
                            if (event.defaultPrevented) app.close()
                          },
                        },
                        tariff?.name ?? 'Tariff',
                      ),
                      ` version ${line.tariffVersion}, `,
                      h('code', line.rulePath ?? '/'),
                    ],
                  ],
                ]),
            ...(line.addedBy === null ? [] : [['Added by', line.addedBy]]),
          ]),
          line.explanation.length > 0
            ? h(
                'ul.explanation',
                line.explanation.map((text) => h('li', text)),
              )
            : null,
        )
      }),
    ),
  )
}

function taxPart({ taxes, currency }) {
  return h(
    'section',
    { key: 'taxes' },
    h('h3', 'Taxes'),
    h(
      'table.small-table',
      { 'aria-label': 'Taxes' },
      h(
        'thead',
        h(
          'tr',
          h('th', 'Code'),
          h('th.end', 'Rate'),
          h('th.end', 'Net'),
          h('th.end', 'Tax'),
          h('th.end', `Total ${currency}`),
        ),
      ),
      h(
        'tbody',
        taxes.map(({ code, rate, net, tax, total }) =>
          h(
            'tr',
            { key: `${code} ${rate}` },
            h('td', code),
            h('td.end', `${rate} %`),
            h('td.end', net),
            h('td.end', tax),
            h('td.end', total),
          ),
        ),
      ),
    ),
  )
}

function chainPart(app, bill, chain) {
  return h(
    'section',
    { key: 'chain' },
    h('h3', 'Bill and adjustments'),
    h(
      'ol.plain-list',
      chain.map((one) =>
        h(
          'li',
          { key: one.billId },
          one.billId === bill.billId
            ? h('b', one.number, h('span.note', ' this one'))
            : h(
                'button.inline.strong',
                { onclick: (event) => app.open({ kind: 'bill', id: one.billId }, event.currentTarget) },
                one.number,
              ),
          h('span.note', `${app.times.near(one.issuedAt, app.now)}${one.reason ? `: ${one.reason}` : ''}`),
          h('b.end', money(one.totalMinor, one.currency)),
        ),
      ),
    ),
  )
}

function ledgerPart(entries) {
  return h(
    'section',
    { key: 'ledger' },
    h('h3', 'In the ledger'),
    entries.length === 0
      ? h('p.note', 'Nothing has been posted.')
      : entries.map((entry) =>
          h(
            'div',
            { key: entry.entryId },
            h(
              'p.note',
              `${entry.description}, ${entry.date}, ${entry.closed ? `closed as number ${entry.closed.number}` : 'the day is open'}`,
            ),
            postingList(entry.postings),
          ),
        ),
  )
}

export const postingList = (postings) =>
  h(
    'ul.plain-list.postings',
    postings.map(({ debit, credit, amountMinor, currency }, i) =>
      h('li', { key: i }, h('span', debit, h('span.note', ' to '), credit), h('b.end', money(amountMinor, currency))),
    ),
  )

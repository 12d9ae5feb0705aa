// Owns the proof of the receipt's page: everything shown, everything escaped, nothing loaded, right forms by locale.
// Must not compare whole pages.
import { describe, expect, test } from 'vitest'
import type { Receipt } from '../../../core/domain/bill/index.ts'
import { html } from '../../../core/services/billing/html.ts'
import { receiptStyle, renderReceipt } from '../../../core/services/billing/render-receipt.ts'

const evil = `<script>alert("1")</script>'&`
const receipt: Receipt = {
  schema: 1,
  kind: 'bill',
  billId: 'b1',
  number: 'P1-000042',
  adjusts: null,
  reason: null,
  issuedAt: '2024-06-10T16:02:00+02:00',
  currency: 'EUR',
  zone: 'Europe/Berlin',
  locale: 'de-DE',
  seller: { name: 'Parkhaus AG', address: 'Ringallee 4', taxId: 'DE123', phone: '030 1', email: null, website: null },
  site: { siteId: 's1', code: 'P1', name: 'Bahnhof', address: null, country: 'DE' },
  stay: {
    stayId: 'st1',
    enteredAt: '2024-06-10T09:52:00+02:00',
    exitedAt: '2024-06-10T15:47:00+02:00',
    seconds: 21_300,
    parkerKind: 'transient',
    plate: 'B AY 4711',
    entryLane: 'E1',
    exitLane: 'A1',
  },
  sessions: [
    {
      sessionId: 'c1',
      station: { code: 'CA-319', name: 'Säule 3' },
      evse: { number: 1, code: 'DE*BAY*E319*1' },
      bay: 'E-07',
      current: 'AC',
      maxPowerKw: '22',
      pluggedAt: '2024-06-10T09:58:00+02:00',
      unpluggedAt: '2024-06-10T15:40:00+02:00',
      startedAt: '2024-06-10T10:00:00+02:00',
      endedAt: '2024-06-10T13:30:00+02:00',
      pluggedSeconds: 20_520,
      energisingSeconds: 11_400,
      energising: [{ from: '2024-06-10T10:00:00+02:00', to: '2024-06-10T13:10:00+02:00' }],
      idleSeconds: 7800,
      heldBackSeconds: 1200,
      energyKwh: '33.500',
      meter: {
        first: { at: '2024-06-10T10:00:00+02:00', kwh: '1482.330' },
        last: { at: '2024-06-10T13:30:00+02:00', kwh: '1515.830' },
      },
    },
  ],
  clocks: { staySeconds: 21_300, pluggedSeconds: 20_520, energisingSeconds: 11_400 },
  lines: [
    {
      kind: 'ENERGY',
      description: 'Energy',
      quantity: '33.5',
      billedQuantity: '33.5',
      unit: 'kWh',
      unitPrice: '0.495',
      per: '1',
      taxIncluded: true,
      taxCode: 'USt',
      taxRate: '19',
      net: '13.93',
      tax: '2.65',
      total: '16.58',
      sessionId: 'c1',
      explanation: ['33.5 kWh × 0.495 = 16.5825.'],
    },
  ],
  taxes: [{ code: 'USt', rate: '19', net: '13.93', tax: '2.65', total: '16.58' }],
  totals: { net: '13.93', tax: '2.65', total: '16.58' },
  overall: null,
  payments: [
    {
      paymentId: 'p1',
      at: '2024-06-10T15:44:00+02:00',
      kind: 'captured',
      method: 'card',
      amount: '10.00',
      reference: 'TX-9',
    },
  ],
  due: '6.58',
  tariffs: [{ tariffId: 't1', code: 'ac', name: 'Laden', version: 3, words: ['Energy: EUR 0.495 per kWh.'] }],
}
/** As text, spaces that do not break made plain. */
const text = (page: string) =>
  page
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/[\u00a0\u202f]/g, ' ')
    .replace(/\s+/g, ' ')

describe('a receipt', () => {
  test('shows what the law and the driver ask for', () => {
    const page = text(renderReceipt(receipt))
    for (const part of [
      'Parkhaus AG',
      'Tax ID DE123',
      'P1-000042',
      '10.06.2024, 16:02 MESZ',
      '33,500 kWh',
      '0,495 € / kWh',
      '19 %',
      '16,58 €',
      'USt 19 % on 13,93 € 2,65 €',
      'Paid by card, TX-9',
      '6,58 € to pay',
      '5 h 55 min parked',
      '5 h 42 min plugged in',
      '3 h 10 min charging',
      'DE*BAY*E319*1',
      'AC, 22 kW',
      '1.482,330 kWh',
      '1.515,830 kWh',
      'B AY 4711',
      'Help: 030 1',
      '33.5 kWh × 0.495 = 16.5825.',
      'Laden (ac, version 3)',
    ]) {
      expect(page).toContain(part)
    }
  })

  test('is one document that loads and runs nothing', () => {
    const page = renderReceipt(receipt)
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(page.match(/<h1>/g)).toHaveLength(1)
    expect(page).not.toMatch(/<script|\son\w+=|\sstyle=|<link|<img|<iframe|url\(|@import|https?:/i)
    expect(page.split('<style>')[1]?.split('</style>')[0]).toBe(receiptStyle)
  })

  test('escapes whatever came from elsewhere', () => {
    const poison = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(poison)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, poison(each)]))
          : typeof value === 'string' &&
              !/^[-+\d.:T]+$/.test(value) &&
              !['de-DE', 'EUR', 'Europe/Berlin', 'bill'].includes(value)
            ? evil
            : value
    const page = renderReceipt(poison({ ...receipt, reason: 'x' }) as Receipt)
    expect(page).not.toContain('<script')
    expect(page).not.toContain('alert("1")')
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;')
  })

  test('in the forms of its country, amounts without tax where tax is added', () => {
    const us: Receipt = {
      ...receipt,
      locale: 'en-US',
      currency: 'USD',
      zone: 'America/Los_Angeles',
      issuedAt: '2024-06-10T07:02:00-07:00',
      lines: receipt.lines.map((line) => ({ ...line, taxIncluded: false })),
    }
    const page = text(renderReceipt(us))
    for (const part of ['06/10/2024, 07:02 AM PDT', '$16.58', 'Net amount', '$13.93', '33.500 kWh', '$0.495 / kWh']) {
      expect(page).toContain(part)
    }
  })

  test('of a correction says what it corrects and what all comes to', () => {
    const page = text(
      renderReceipt({
        ...receipt,
        kind: 'adjustment',
        adjusts: { billId: 'b0', number: 'P1-000041' },
        reason: 'Corrected: energy.',
        totals: { net: '-4.20', tax: '-0.80', total: '-5.00' },
        overall: { before: '21.58', after: '16.58' },
        due: '-1.00',
      }),
    )
    expect(page).toContain('This corrects P1-000041. Corrected: energy.')
    expect(page).toContain('came to 21,58 € and now come to 16,58 €')
    expect(page).toContain('1,00 € to be given back')
    expect(page).toContain('-5,00 €')
  })

  test('of nothing but a contract stay is still a page', () => {
    const page = text(
      renderReceipt({ ...receipt, sessions: [], payments: [], tariffs: [], lines: [], taxes: [], due: '0.00' }),
    )
    expect(page).toContain('Nothing to pay')
    expect(page).not.toContain('NaN')
  })
})

test('html escapes every value but its own markup', () => {
  expect(html`<p title="${'"'}">${['a', html`<b>${'<'}</b>`]}${null}${false}${0}</p>`.text).toBe(
    '<p title="&quot;">a<b>&lt;</b>0</p>',
  )
})

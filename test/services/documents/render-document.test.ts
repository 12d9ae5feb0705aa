// Owns the proof of a receipt's page and PDF: everything shown, everything escaped, nothing loaded, right forms by locale.
// Must not compare whole pages.
import { describe, expect, test } from 'vitest'
import type { Receipt } from '../../../core/domain/bill/index.ts'
import { missingItems, receiptRegimes } from '../../../core/domain/bill/index.ts'
import { acceptedLocales, documentLocale } from '../../../core/domain/document/document-locale.ts'
import { hubReasons, reasonIn } from '../../../core/domain/document/reason-words.ts'
import { receiptDocument } from '../../../core/domain/document/receipt-document.ts'
import { html } from '../../../core/services/documents/html.ts'
import { pageStyle, renderPage } from '../../../core/services/documents/render-page.ts'
import { renderPdf } from '../../../core/services/documents/render-pdf.ts'

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
const renderReceipt = (of: Receipt, locale = 'en-DE') => renderPage(receiptDocument(of, { locale }))
/** As text, spaces that do not break made plain. */
const text = (page: string) =>
  page
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/[\u00a0\u202f]/g, ' ')
    .replace(/\s+/g, ' ')

describe('a receipt', () => {
  const since = {
    asOf: '2024-06-12T09:00:00+02:00',
    payments: [
      {
        paymentId: 'p8',
        at: '2024-06-11T09:00:00+02:00',
        kind: 'captured',
        method: 'card',
        amount: '6.58',
        reference: 'TX-10',
      },
      {
        paymentId: 'p9',
        at: '2024-06-12T09:00:00+02:00',
        kind: 'refunded',
        method: 'card',
        amount: '1.00',
        reference: null,
      },
    ],
    due: '1.00',
  }

  test('shows what was paid since beside what was issued, in page and PDF', async () => {
    const document = receiptDocument(receipt, { locale: 'de-DE', since })
    const { since: _, ...frozen } = document
    expect(frozen).toEqual(receiptDocument(receipt, { locale: 'de-DE' }))
    const page = text(renderPage(document))
    for (const part of [
      'Zu zahlen 6,58 €',
      'Seit der Ausstellung (12.06.2024, 09:00 MESZ)',
      'Bezahlt, 11.06.2024, 09:00 MESZ, card, TX-10 -6,58 €',
      'Erstattet, 12.06.2024, 09:00 MESZ, card 1,00 €',
      'Jetzt noch zu zahlen 1,00 €',
    ])
      expect(page).toContain(part)
    const paid = receiptDocument(receipt, { locale: 'en', since: { ...since, due: '0.00' } })
    expect(paid.since?.rows.at(-1)?.[0]).toBe('Nothing is open any more')
    const pdf = await renderPdf(document)
    expect(Buffer.compare(pdf, await renderPdf(document))).toBe(0)
    expect(Buffer.compare(pdf, await renderPdf(receiptDocument(receipt, { locale: 'de-DE' })))).not.toBe(0)
  })

  test('says the hub’s own reasons in its language, and what people wrote as they wrote it', () => {
    for (const language of ['de', 'es', 'fr'] as const) {
      for (const reason of hubReasons) expect(reasonIn(language, reason)).not.toBe(reason)
      expect(reasonIn('en', hubReasons[0])).toBe(hubReasons[0])
      for (const own of ['The lift was broken.', 'Corrected: by Jo.', 'Corrected: toString.', '__proto__'])
        expect(reasonIn(language, own)).toBe(own)
    }
    expect(reasonIn('de', 'Corrected: energy, idle time. Goodwill: The lift was broken.')).toBe(
      'Berichtigt: Energie, Standzeit. Goodwill: The lift was broken.',
    )
    const correction = { ...receipt, adjusts: { billId: 'b0', number: 'P1-000041' }, reason: 'The stay was voided.' }
    expect(receiptDocument(correction, { locale: 'de-DE' }).notice).toContain('Der Aufenthalt wurde storniert.')
  })

  test('shows what the law and the driver ask for', () => {
    const page = text(renderReceipt(receipt, 'de-DE'))
    for (const part of [
      'Parkhaus AG',
      'USt-IdNr./Steuernr. DE123',
      'P1-000042',
      '10.06.2024, 16:02 MESZ',
      '33,500 kWh',
      '0,495 € / kWh',
      '19 %',
      '16,58 €',
      'USt 19 % auf 13,93 € 2,65 €',
      'card, TX-9',
      'Zu zahlen 6,58 €',
      '5 Std. 55 Min. Geparkt',
      '5 Std. 42 Min. Angesteckt',
      '3 Std. 10 Min. Laden',
      'DE*BAY*E319*1',
      'AC, 22 kW',
      '1.482,330 kWh',
      '1.515,830 kWh',
      'B AY 4711',
      'Hilfe: 030 1',
      'Tarif Laden (ac, Fassung 3)',
    ]) {
      expect(page).toContain(part)
    }
  })

  test('is one document that loads and runs nothing', () => {
    const page = renderReceipt(receipt)
    expect(page).toMatch(/^<!doctype html>\n<html lang="en-DE">/)
    expect(page.match(/<h1>/g)).toHaveLength(1)
    expect(text(page)).toContain('33.5 kWh × 0.495 = 16.5825.')
    expect(page).not.toMatch(/<script|\son\w+=|\sstyle=|<link|<img|<iframe|url\(|@import|https?:/i)
    expect(page.split('<style>')[1]?.split('</style>')[0]).toBe(pageStyle)
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
    const page = text(renderReceipt(us, 'en-US'))
    for (const part of ['06/10/2024, 07:02 AM PDT', '$16.58', 'Net amount', '$13.93', '33.500 kWh', '$0.495 / kWh']) {
      expect(page).toContain(part)
    }
  })

  test('of a correction says what it corrects and what all comes to', () => {
    const page = text(
      renderReceipt(
        {
          ...receipt,
          kind: 'adjustment',
          adjusts: { billId: 'b0', number: 'P1-000041' },
          reason: 'Corrected: energy.',
          totals: { net: '-4.20', tax: '-0.80', total: '-5.00' },
          overall: { before: '21.58', after: '16.58' },
          due: '-1.00',
        },
        'en-US',
      ),
    )
    expect(page).toContain('This corrects P1-000041. Corrected: energy.')
    expect(page).toContain('came to €21.58 and now come to €16.58')
    expect(page).toContain('To be given back €1.00')
    expect(page).toContain('-€5.00')
  })

  test('of nothing but a contract stay is still a page', () => {
    const page = text(
      renderReceipt({ ...receipt, sessions: [], payments: [], tariffs: [], lines: [], taxes: [], due: '0.00' }),
    )
    expect(page).toContain('Nothing was charged.')
    expect(page).not.toContain('NaN')
  })
})

test('html escapes every value but its own markup', () => {
  expect(html`<p title="${'"'}">${['a', html`<b>${'<'}</b>`]}${null}${false}${0}</p>`.text).toBe(
    '<p title="&quot;">a<b>&lt;</b>0</p>',
  )
})

describe('a PDF', () => {
  const many: Receipt = {
    ...receipt,
    currency: 'KWD',
    seller: { ...receipt.seller, name: `Łódź Αθήνα Москва ${'überlang '.repeat(40)}` },
    lines: Array.from({ length: 200 }, (_, i) => ({
      ...(receipt.lines[0] as (typeof receipt.lines)[0]),
      description: `Posten ${i}`,
    })),
  }

  test.each(['en-US', 'de-DE', 'es-ES', 'fr-FR'])(
    'in %s is the same bytes every time, whatever its length',
    async (locale) => {
      for (const each of [receipt, many, { ...receipt, lines: [], sessions: [], stay: null }]) {
        const document = receiptDocument(each, { locale })
        const [first, again] = [await renderPdf(document), await renderPdf(document)]
        expect(Buffer.from(first.subarray(0, 8)).toString()).toBe('%PDF-1.7')
        expect(Buffer.compare(first, again)).toBe(0)
      }
    },
    60_000,
  )

  test('a copy says so, and only that is different', () => {
    const [one, copy] = [
      receiptDocument(receipt, { locale: 'fr-FR' }),
      receiptDocument(receipt, { locale: 'fr-FR', copy: true }),
    ]
    expect(copy).toEqual({ ...one, mark: 'Copie' })
  })

  test('hostile text neither breaks it nor hangs it', async () => {
    const text = '\u0000\ud800(\\)<</Type>>\r\n\u202e漢字'.repeat(300)
    const document = receiptDocument({ ...receipt, seller: { ...receipt.seller, name: text } }, { locale: 'de-DE' })
    expect((await renderPdf(document)).length).toBeGreaterThan(1000)
  })
})

test('the first wish there are words for wins; the dearest language of a browser comes first', () => {
  expect(documentLocale([null, 'pl-PL', ...acceptedLocales('it, fr-CH;q=0.8, de;q=0.9, *;q=0.1')], 'en-GB')).toBe('de')
  expect(documentLocale(['x'.repeat(50), undefined], 'nl-NL')).toBe('nl-NL')
  expect(acceptedLocales('en;q=0, ,;;;,de;q=9')).toEqual(['de'])
})

test('decimals of a currency are as many as it has', () => {
  const page = (currency: string, total: string) => text(renderReceipt({ ...receipt, currency, due: total }, 'en-US'))
  expect(page('JPY', '1235')).toContain('To pay ¥1,235')
  expect(page('KWD', '1.235')).toContain('To pay KWD 1.235')
})

describe('rules of the trade', () => {
  test('a receipt with everything meets all of them; each lack is named', () => {
    const [first] = receipt.sessions
    if (first === undefined) throw new Error('no session')
    const whole: Receipt = {
      ...receipt,
      site: { ...receipt.site, address: 'Bahnhofstr. 1' },
      sessions: [{ ...first, signed: { records: 2, sha256: 'a'.repeat(64) } }],
    }
    expect(missingItems(whole, receiptRegimes)).toEqual([])
    const bare: Receipt = {
      ...whole,
      seller: { ...whole.seller, phone: null, taxId: ' ' },
      sessions: [{ ...first, maxPowerKw: null, meter: null, signed: null }],
      lines: whole.lines.map((line) => ({ ...line, taxIncluded: false })),
    }
    expect(
      missingItems(bare, ['us_ca', 'eu_vat', 'de_pangv', 'de_eichrecht']).map(
        ({ regime, item }) => `${regime} ${item}`,
      ),
    ).toEqual([
      'us_ca max_power',
      'us_ca support_phone',
      'eu_vat seller_tax_id',
      'de_pangv prices_with_tax',
      'de_eichrecht meter_readings',
      'de_eichrecht signed_data',
    ])
  })
})

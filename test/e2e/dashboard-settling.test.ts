// Owns the proof that a person can hold the books against others and settle with partners in a browser, against the whole hub.
// Must not reach into the page's scripts; it reads, clicks and types as people do.
import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../setup/eventually.ts'
import { browserPath, launch } from './dashboard/browser.ts'
import { answer, block, enter as logIn, moneyTab, panel, phone, saved, well } from './dashboard/desk.ts'
import { cards, type LiveGarage, liveGarage, type Row } from './dashboard/live-garage.ts'

const browserMissing = browserPath === undefined && process.env.BAYWATT_BROWSER_TESTS !== 'required'
const minute = 60_000
const day = '2026-03-10'

const tariff = {
  country_code: 'DE',
  party_id: 'ALL',
  id: '14',
  currency: 'EUR',
  last_updated: '2026-01-01T00:00:00Z',
  elements: [{ price_components: [{ type: 'ENERGY', price: 0.4, vat: 19, step_size: 1 }] }],
}

/** Ten kWh in February: 4.00 and 19 % of it. */
const record = (id: string, net: number, gross: number, more: Row = {}): Row => ({
  country_code: 'DE',
  party_id: 'ABC',
  id,
  currency: 'EUR',
  start_date_time: '2026-02-03T10:00:00Z',
  end_date_time: '2026-02-03T11:00:00Z',
  charging_periods: [{ start_date_time: '2026-02-03T10:00:00Z', dimensions: [{ type: 'ENERGY', volume: 10 }] }],
  total_cost: { excl_vat: net, incl_vat: gross },
  total_energy: 10,
  total_time: 1,
  ...more,
})

describe.skipIf(browserMissing)('the pages about settling', { timeout: 240_000 }, () => {
  let browser: Browser
  let garage: LiveGarage
  let clerk: string

  beforeAll(async () => {
    garage = await liveGarage()
    await garage.furnish()
    await garage.passes('entry', { ticket: '4711', ref: 'T-1' })
    await garage.passes('entry', { plate: 'B-WA 1234', card: cards.ada, ref: 'T-2' })
    garage.clock.advance(65 * minute)
    for (const [stayRef, transaction, amountMinor] of [
      ['T-1', 'KIOSK-8', 400],
      ['T-2', 'KIOSK-9', 150],
    ] as const) {
      await garage.fact({
        type: 'payment.captured',
        stayRef,
        data: { amountMinor, currency: 'EUR', method: 'cash', vendorTransaction: transaction, scope: 'parking' },
      })
    }
    await garage.passes('exit', { ticket: '4711', ref: 'T-1' })
    garage.clock.advance(60 * minute)
    await garage.settled()
    await eventually(async () => (await garage.list('payments')).length === 2, 'both payments')
    await garage.api('POST', 'tariffs', {
      code: 'ROAM',
      name: 'Roaming',
      scope: 'charging',
      engine: 'tariff-ocpi',
      currency: 'EUR',
      validFrom: '2026-01-01T00:00:00Z',
      rules: { edition: '2.2.1', tariff },
    })
    const scopes = ['money:read', 'money:write', 'sites:read', 'parking:read', 'people:read', 'events:read']
    const more = ['plugins:read', 'chargers:read']
    clerk = (await garage.api('POST', 'api-keys', { name: 'Clerk', scopes: [...scopes, ...more], siteIds: null })).key
    browser = await launch()
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await garage?.close()
  })

  const enter = (view: string, key = clerk) => logIn(browser, garage, view, key)
  const give = (field: Locator, name: string, text: string | Buffer) =>
    field.setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })

  test('books are held against a report: mistakes named, differences accepted, matched and taken apart', async () => {
    const opened = await enter('reconciliation')
    const { page } = opened
    const runs = block(page, 'Reconciliations')
    const form = block(page, 'Hold the books against others')
    await runs.getByText('Nothing was held against the books of this site yet.').waitFor()
    await well(opened, 'reconciliation-empty')

    await form.getByLabel('From').fill(day)
    await form.getByLabel('Up to and with').fill(day)
    await form.getByRole('button', { name: 'Compare' }).click()
    await panel(page)
      .getByRole('heading', { name: `Told by the parking system, ${day}` })
      .waitFor()
    await panel(page).getByRole('heading', { name: 'Both sides' }).waitFor()
    await page.keyboard.press('Escape')

    await form.getByLabel('What').selectOption('parcs_report')
    await form.getByLabel('From').fill(day)
    await form.getByLabel('Up to and with').fill(day)
    const head = 'Datum;Kasse;Beleg;Art;Brutto\r\n'
    const file = form.getByLabel('File', { exact: true })
    await give(file, 'tag.csv', `${head}10.03.2026;K1;KIOSK-8;Bar;vier\r\n31.02.2026;K1;KIOSK-9;Bar;1,50\r\n`)
    for (const [label, title] of [
      ['Day', 'Datum'],
      ['Device', 'Kasse'],
      ['Transaction', 'Beleg'],
      ['Way of payment', 'Art'],
      ['Amount with tax', 'Brutto'],
    ] as const) {
      await form.getByLabel(label, { exact: true }).selectOption(title)
    }
    await form.getByLabel('Numbers are written').selectOption('1.234,50')
    await form.getByLabel('Days are written').selectOption('dmy')
    await form.getByLabel('Their words for ways of payment').fill('Bar=cash')
    opened.expect(/422 .*reconciliations$/)
    await form.getByRole('button', { name: 'Compare' }).click()
    await form.getByText('2 mistakes; nothing of it was taken').waitFor()
    await form.getByText('row 2, column Brutto: is no number').waitFor()
    await form.getByText('row 3, column Datum: is no date or time').waitFor()
    await well(opened, 'reconciliation-mistakes')
    // As the tills of many garages write it: not in UTF-8.
    const good = `${head}10.03.2026;K1;KIOSK-8;Bar;4,00\r\n10.03.2026;Süd;NACHTRAG;Bar;1,40\r\n`
    await give(file, 'tag-0310.csv', Buffer.from(good, 'latin1'))
    await form.getByText('Süd').waitFor()
    await form.getByRole('button', { name: 'Compare' }).click()
    const run = panel(page)
    await run.getByRole('heading', { name: `Report of the parking system, ${day}` }).waitFor()
    const items = run.locator('.settling-list > li')
    await items.nth(1).waitFor()
    expect(await items.count()).toBe(2)
    expect(await run.getByRole('table', { name: 'Totals of both sides' }).innerText()).toMatch(/5\.50.*5\.40.*0\.10/s)
    await well(opened, 'reconciliation')

    await run.getByLabel('Search in items').fill('nachtrag')
    await items.nth(1).waitFor({ state: 'detached' })
    await items.getByText('Missing here').waitFor()
    await items.getByRole('checkbox').check()
    await run.getByLabel('Search in items').fill('')
    await items.filter({ hasText: 'Missing there' }).getByRole('checkbox').check()
    await run.getByText('Chosen: 1 row here (€1.50), 1 row there (€1.40).').waitFor()
    await run.getByRole('button', { name: 'They are one thing' }).click()
    await answer(page, 'Match them', { Reason: 'The till was down.' })
    const pair = items.filter({ hasText: 'Another amount' })
    await pair.getByText('1.50 EUR here, 1.40 EUR there').waitFor()
    await pair.getByRole('button', { name: 'Accept' }).click()
    await answer(page, 'Accept', { Reason: 'Ten cents of the box.' })
    await run.getByText('Nothing is open.').waitFor()
    await run.getByLabel('State of items').selectOption('accepted')
    await pair.getByText('“Ten cents of the box.”').waitFor()
    await pair.getByRole('button', { name: 'Open again' }).click()
    await answer(page, 'Open again', { Reason: 'It was not.' })
    await run.getByLabel('State of items').selectOption('open')
    await pair.getByRole('button', { name: 'Take apart' }).click()
    await answer(page, 'Take apart', { Reason: 'Another car.' })
    await items.nth(1).waitFor()
    const decisions = run.locator('.settling-decisions > li')
    await decisions.nth(3).waitFor()
    expect((await decisions.locator('b').allInnerTexts()).slice(0, 4)).toEqual([
      'Matched',
      'Accepted',
      'Opened again',
      'Taken apart',
    ])
    await run.getByRole('button', { name: 'Run again' }).click()
    await answer(page, 'Run again')
    await page.getByText('It was run again').waitFor()
    await run.getByLabel('State of items').selectOption('')
    await items.nth(2).waitFor()
    await run.getByLabel('Class').selectOption('matched')
    await items.nth(1).waitFor({ state: 'detached' })
    await run.getByLabel('Class').selectOption('')
    const { name, text } = await saved(page, run.getByRole('button', { name: 'Items as CSV' }))
    expect([name, text.split('\r\n')[0]]).toEqual([
      expect.stringMatching(/-items-/),
      expect.stringMatching(/businessDate,class,state,reasons/),
    ])
    await well(opened, 'reconciliation-decided')
    await phone(page)
    await well(opened, 'reconciliation-panel')
    await page.keyboard.press('Escape')
    await runs.locator('tbody tr').nth(1).waitFor()
    await well(opened, 'reconciliations')
    await page.setViewportSize({ width: 1440, height: 900 })
    await runs.getByLabel('What').selectOption('meter_readings')
    await runs.getByText('No reconciliation fits.').waitFor()
    await runs.getByRole('button', { name: 'Show everything' }).click()
    await runs.getByLabel('State').selectOption('differs')
    await runs.getByRole('button', { name: 'Report of the parking system' }).click()
    await run.getByRole('heading', { name: 'What people decided' }).waitFor()
    await page.keyboard.press('Escape')

    // The next file of this kind is read as the last one was.
    expect(await form.getByLabel('From').inputValue()).toBe(day)
    await form.getByLabel('Days are written').waitFor({ state: 'detached' })
    await give(file, 'tag-0310.csv', Buffer.from(good, 'latin1'))
    expect(await form.getByLabel('Day', { exact: true }).inputValue()).toBe('Datum')
    expect(await form.getByLabel('Days are written').inputValue()).toBe('dmy')

    await form.getByLabel('What').selectOption('processor_settlement')
    await form.getByLabel('Written by').selectOption('stripe')
    await form.getByLabel('Ways of payment that it settles').fill('card')
    await give(
      file,
      'itemized.csv',
      `balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id\ntxn_1,2026-03-10 12:00:00,eur,5.00,0.25,4.75,charge,ch_1\n`,
    )
    await form.getByRole('button', { name: 'Compare' }).click()
    await run.getByText('Stripe', { exact: true }).waitFor()
    await items.getByText('Missing here').first().waitFor()
    await page.keyboard.press('Escape')
    const stored = await garage.list('reconciliations')
    expect(stored.map(({ kind, fileName }) => [kind, fileName])).toEqual([
      ['processor_settlement', 'itemized.csv'],
      ['parcs_report', 'tag-0310.csv'],
      ['parcs_stays', null],
    ])
    await opened.close()
  })

  test('a partner is added, its records are taken in, disputed, settled and stated', async () => {
    const opened = await enter('partners')
    const { page } = opened
    const partners = block(page, 'Partners')
    // Others are about records, too.
    const records = page.getByRole('region', { name: /^Records/ })
    await partners.getByText('Nobody settles with this site yet.').waitFor()
    await block(page, 'Statements').getByText('No statement was drawn up yet.').waitFor()
    await well(opened, 'partners-empty')
    await partners.getByRole('button', { name: 'Add a partner' }).click()
    await well(opened, 'partner-dialog')
    await answer(page, 'Add it', {
      Name: 'Alpha Mobility',
      Code: 'ABC',
      'Tax in %': '19',
      'Priced anew by': 'Roaming',
      Address: 'Ring 1; 10115 Berlin',
    })
    await panel(page).getByRole('heading', { name: 'Alpha Mobility' }).waitFor()
    await panel(page).getByRole('button', { name: 'Change' }).click()
    await answer(page, 'Change it', { Country: 'DE', Party: 'ABC' })
    await panel(page).getByText('DE*ABC').waitFor()
    await well(opened, 'partner')
    await page.keyboard.press('Escape')

    const take = block(page, 'Take in records')
    const file = take.getByLabel('File of records')
    const list = [
      record('C-1', 4, 4.76),
      record('C-2', 9, 10.71),
      record('C-3', 4, 4.77),
      { id: 'C-4', total_cost: 'x' },
      ...Array.from({ length: 250 }, (_, i) => record(`D-${i}`, 4, 4.76)),
    ]
    await give(file, 'none.csv', 'id,start,end,energyKwh,net')
    await take.getByRole('button', { name: 'Take in' }).click()
    await take.getByText('There is no record in the file.').waitFor()
    await give(file, 'records.json', JSON.stringify({ data: list }))
    await take.getByRole('button', { name: 'Take in' }).click()
    await take.getByText('254 of 254 records').waitFor()
    await page.getByText('253 records taken in, 1 refused').waitFor()
    const results = block(page, 'What became of each record')
    await results.getByLabel('All of them').selectOption('rejected')
    await results.getByText('C-4').waitFor()
    await results.getByText('/currency', { exact: true }).waitFor()
    await records.getByRole('button', { name: 'C-2', exact: true }).or(records.getByText('D-249')).first().waitFor()
    await well(opened, 'partner-import')
    const refused = await saved(page, results.getByRole('button', { name: 'CSV' }))
    expect(refused.text).toContain('C-4,rejected')
    await give(
      file,
      'records.csv',
      'Nr;Von;Bis;kWh;Netto\r\nF-1;2026-02-04T10:00:00Z;2026-02-04T11:00:00Z;10,0;4,00\r\nF-2;x;y;1;1\r\n',
    )
    // All in one turn of the page, so that none of them is drawn before the next is chosen.
    const inOneTurn = {
      Id: 'Nr',
      Start: 'Von',
      End: 'Bis',
      'Energy in kWh': 'kWh',
      'Net amount': 'Netto',
    }
    await take.getByLabel('Id', { exact: true }).waitFor()
    await take.evaluate(
      (form, chosen) => {
        for (const field of form.querySelectorAll('.field')) {
          const title = chosen[field.querySelector('label')?.textContent ?? '']
          const select = field.querySelector('select')
          if (!title || !select) continue
          select.value = title
          select.dispatchEvent(new Event('change', { bubbles: true }))
        }
      },
      inOneTurn as Record<string, string>,
    )
    await take.getByLabel('Numbers are written').selectOption('1.234,50')
    await well(opened, 'partner-columns')
    await take.getByRole('button', { name: 'Take in' }).click()
    await results.getByText('/start_date_time', { exact: true }).waitFor()
    const [partner] = await garage.list('partners')
    expect(partner).toMatchObject({
      code: 'ABC',
      csvMapping: { columns: { id: 'Nr', net: 'Netto' }, decimalComma: true },
    })

    await records.getByLabel('Difference').selectOption('unknown')
    await records.getByRole('button', { name: 'C-2', exact: true }).click()
    const shown = panel(page)
    await shown.getByText('No known reason gives this amount.').waitFor()
    await shown.getByText('As it came').click()
    await shown.getByText('"id": "C-2"').waitFor()
    await well(opened, 'record')
    await shown.getByRole('button', { name: 'Dispute it' }).click()
    await answer(page, 'Dispute it', { Reason: 'Nine euros for ten kilowatt-hours.' })
    await shown.getByRole('button', { name: 'They answered' }).click()
    await answer(page, 'Keep it', { 'Their answer': 'The price was wrong.' })
    await shown.getByText('The price was wrong.').waitFor()
    await page.keyboard.press('Escape')
    const disputes = block(page, 'Disputes about records')
    await disputes.getByLabel('State of disputes').selectOption('answered')
    await disputes.getByRole('button', { name: 'Nine euros for ten kilowatt-hours.' }).click()
    await shown.getByRole('button', { name: 'Settle it' }).click()
    await answer(page, 'Settle it', { 'In words': 'As priced by us.' })
    await shown.getByText('net €4.00, tax €0.76').waitFor()
    await well(opened, 'record-settled')
    await page.keyboard.press('Escape')

    await give(file, 'again.json', JSON.stringify(record('C-1', 4.1, 4.88)))
    await take.getByRole('button', { name: 'Take in' }).click()
    await results.locator('tbody').getByText('Other content').waitFor()
    await results.getByRole('button', { name: 'C-1', exact: true }).click()
    await shown.getByRole('button', { name: 'The other counts' }).click()
    await answer(page, 'The other counts', { Reason: 'A typing error.' })
    await shown.getByText('Does not count').waitFor()
    await page.keyboard.press('Escape')

    await partners.getByRole('button', { name: 'Alpha Mobility' }).click()
    await shown.getByRole('button', { name: 'Draw up a statement' }).click()
    await answer(page, 'Draw it up', { Month: '2026-02' })
    await shown.getByRole('heading', { name: 'Statement Draft of 2026-02' }).waitFor()
    await shown.getByRole('button', { name: 'Discard the draft' }).click()
    await answer(page, 'Discard')
    await block(page, 'Statements').getByText('No statement was drawn up yet.').waitFor()
    await partners.getByRole('button', { name: 'Alpha Mobility' }).click()
    await shown.getByRole('button', { name: 'Draw up a statement' }).click()
    await answer(page, 'Draw it up')
    await shown.getByRole('button', { name: 'Mark as sent' }).click()
    await answer(page, 'Mark as sent')
    await shown.getByRole('heading', { name: 'Statement S/ABC-000001' }).waitFor()
    const { text } = await saved(page, shown.getByRole('button', { name: 'Lines as CSV' }))
    expect(text.trim().split('\r\n')).toHaveLength(255)
    const paper = await shown.getByRole('link', { name: 'PDF' }).getAttribute('href')
    const pdf = await page.request.get(`${garage.url}${paper}`)
    expect([pdf.status(), (await pdf.body()).subarray(0, 5).toString()]).toEqual([200, '%PDF-'])
    await well(opened, 'statement')
    await shown.getByRole('button', { name: 'They agree' }).click()
    await answer(page, 'They agree')
    await shown.getByRole('button', { name: 'It is paid' }).click()
    await answer(page, 'It is paid')
    await shown.getByText('Paid', { exact: true }).first().waitFor()
    await shown.getByRole('button', { name: 'Alpha Mobility' }).click()
    await shown.getByRole('button', { name: 'Its differences' }).click()
    // Not C-2 alone any more, which the filter before this one had left.
    await records.getByRole('button', { name: 'D-249', exact: true }).waitFor()
    expect(await records.getByLabel('State of records').inputValue()).toBe('differs')
    await page.getByLabel('Id of a record').fill('D-999')
    await records.getByText('No record fits.').waitFor()
    await records.getByRole('button', { name: 'Show everything' }).click()
    await page.getByLabel('Id of a record').fill('D-7')
    await records.getByRole('button', { name: 'D-7', exact: true }).waitFor()
    await well(opened, 'partners')
    await phone(page)
    await well(opened, 'partners')
    await block(page, 'Statements').getByRole('button', { name: 'S/ABC-000001' }).click()
    await shown.getByText('Alpha Mobility').waitFor()
    await well(opened, 'statement')
    await page.keyboard.press('Escape')
    await records.getByRole('button', { name: 'D-7', exact: true }).click()
    await shown.getByRole('heading', { name: 'Theirs and ours' }).waitFor()
    await well(opened, 'record')
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 1440, height: 900 })
    await partners.getByRole('button', { name: 'Alpha Mobility' }).click()
    await shown.getByRole('button', { name: 'Archive' }).click()
    await answer(page, 'Archive')
    await shown.getByRole('button', { name: 'Bring back' }).click()
    await shown.getByRole('button', { name: 'Archive' }).waitFor()
    expect(await garage.list('settlement-statements')).toMatchObject([{ number: 'S/ABC-000001', state: 'paid' }])
    await opened.close()
  })

  test('a key that only reads sees all of it and why it may change none; one without money is told so', async () => {
    const keyOf = async (name: string, scopes: string[]): Promise<string> =>
      (await garage.api('POST', 'api-keys', { name, scopes, siteIds: [garage.siteId] })).key
    const opened = await enter('reconciliation', await keyOf('Auditor', ['sites:read', 'parking:read', 'money:read']))
    const { page } = opened
    await page.getByText('it needs money:write').waitFor()
    expect(await block(page, 'Hold the books against others').count()).toBe(0)
    await block(page, 'Reconciliations').getByRole('button', { name: 'Report of the parking system' }).click()
    await panel(page).locator('.settling-list > li').first().waitFor()
    expect(await panel(page).getByRole('button', { name: 'Accept' }).count()).toBe(0)
    expect(await panel(page).getByRole('checkbox').count()).toBe(0)
    await well(opened, 'reconciliation-read-only')
    await page.keyboard.press('Escape')
    await moneyTab(page, 'Partners').click()
    await page.getByText('it needs money:write').waitFor()
    await page
      .getByRole('region', { name: /^Records/ })
      .locator('tbody')
      .getByRole('button')
      .first()
      .click()
    await panel(page).getByRole('heading', { name: 'Theirs and ours' }).waitFor()
    expect(await panel(page).getByRole('button', { name: 'Dispute it' }).count()).toBe(0)
    await opened.close()

    const outside = await enter('reconciliation', await keyOf('Gatekeeper', ['sites:read', 'parking:read']))
    await outside.page.getByText('Your key does not reach reconciliations: it needs money:read.').waitFor()
    await moneyTab(outside.page, 'Partners').click()
    await block(outside.page, 'Partners').getByText('it needs money:read.').waitFor()
    await well(outside, 'partners-forbidden')
    await outside.close()
  })

  test('nothing of it was an error to the hub', () => {
    expect(garage.errors).toEqual([])
  })
})

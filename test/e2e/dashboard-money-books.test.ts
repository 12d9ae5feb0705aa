// Owns the proof that a person can read reports, invoice accounts and run memberships in a browser, against the whole hub.
// Must not reach into the page's scripts; it reads, clicks and types as people do.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserPath, launch, type Visit, visit } from './dashboard/browser.ts'
import { answer, block, enter as logIn, panel, phone, saved, well } from './dashboard/desk.ts'
import { adminKey, cards, type LiveGarage, liveGarage, type Row } from './dashboard/live-garage.ts'

const browserMissing = browserPath === undefined && process.env.BAYWATT_BROWSER_TESTS !== 'required'
const minute = 60_000

describe.skipIf(browserMissing)('the pages about reports, invoices and memberships', { timeout: 240_000 }, () => {
  let browser: Browser
  let garage: LiveGarage
  const enter = (view: string, key = adminKey) => logIn(browser, garage, view, key)

  beforeAll(async () => {
    garage = await liveGarage()
    await garage.furnish()
    await garage.passes('entry', { plate: 'B-WA 1234', card: cards.ada, ref: 'T-1' })
    const station = await garage.charger('CP-01', 'ocpp1.6')
    await station.plugIn(1)
    await station.presentCard(1, { value: cards.ada, type: 'ISO14443' })
    garage.clock.advance(65 * minute)
    await station.meter(1, 7_400, { powerW: 10_800 })
    await garage.settled()
    await station.unplug(1)
    await garage.passes('entry', { ticket: 'K-1004', ref: 'T-4' })
    await garage.passes('entry', { ticket: 'K-1007', ref: 'T-7' })
    await garage.passes('exit', { plate: 'B-WA 1234', card: cards.ada, ref: 'T-1' })
    garage.clock.advance(130 * minute)
    await garage.fact({
      type: 'payment.captured',
      stayRef: 'T-4',
      data: { amountMinor: 150, currency: 'EUR', method: 'cash', vendorTransaction: 'KIOSK-9', scope: 'parking' },
    })
    await garage.passes('exit', { ticket: 'K-1004', ref: 'T-4' })
    garage.clock.advance(60 * minute)
    await garage.settled()
    browser = await launch()
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await garage?.close()
  })

  test('the days are those at the hub, also where the first answer that has its time comes late', async () => {
    const opened = await visit(browser, `${garage.url}/sites/${garage.siteId}/reports`)
    const { page } = opened
    let asked = 0
    await page.route('**/overview', async (route) => {
      // The first is what the page shows; the second, which only the days wait for, overtakes it.
      if (++asked === 1) await new Promise((resolve) => setTimeout(resolve, 4_000))
      await route.continue()
    })
    await page.getByLabel('API key').fill(adminKey)
    await page.getByRole('button', { name: 'Log in' }).click()
    await block(page, 'Revenue report').getByText('Business days 2026-03-01 – 2026-03-10').waitFor({ timeout: 30_000 })
    expect(asked).toBeGreaterThan(1)
    expect(opened.complaints).toEqual([])
    await opened.close()
  })

  test('the takings of a span are read in one table, grouped anew, followed to their bills and saved', async () => {
    const opened = await enter('reports')
    const { page } = opened
    const head = block(page, 'Revenue report')
    const table = page.locator('#block-report')
    const asked = (query: object) =>
      garage.api('GET', `reports/revenue?${new URLSearchParams({ siteId: garage.siteId, ...query })}`)
    const report = await asked({ from: '2026-03-01', to: '2026-03-10' })
    const [euro] = report.currencies
    const euros = (minor: number) => `€${(minor / 100).toFixed(2)}`
    await head.getByText('Business days 2026-03-01 – 2026-03-10').waitFor()
    await head.getByText('Europe/Berlin').waitFor()
    await head.getByText('The same as the ledger, to the cent').waitFor()
    await head.getByText('3 issued, 2 collected, 1 open, 0 voided').waitFor()
    await head.getByText('1 session, 7.40 kWh metered').waitFor()
    expect(euro.totals.bills).toBe(2)
    expect(await table.locator('[data-figure=total]').textContent()).toBe(euros(euro.totals.totalMinor))
    expect(await table.locator('[data-figure=gross]').textContent()).toBe(euros(euro.totals.grossMinor))
    await block(page, 'Payments by method').getByText('Cash').waitFor()
    await page.locator('#block-report-taxes').getByText('standard, 19 %').waitFor()
    await page.locator('#block-report-ledger').getByText('revenue.parking').waitFor()
    await page.locator('#block-report-gaps').getByText('T-5 – T-6').waitFor()
    await well(opened, 'report')

    await table.getByLabel('Rows').selectOption('kind')
    await table.getByRole('button', { name: 'Energy' }).first().waitFor()
    const kinds = (await asked({ from: '2026-03-01', to: '2026-03-10', by: 'kind' })).currencies[0].rows
    const energy = kinds.find(({ key }: Row) => key === 'ENERGY')
    await table.locator('tbody tr').filter({ hasText: 'Energy' }).getByText(euros(energy.totalMinor)).last().waitFor()
    await table.locator('tbody').getByRole('button', { name: 'Energy' }).click()
    const behind = page.locator('#block-report-bills')
    await behind.locator('tbody tr').waitFor()
    await behind.locator('tbody').getByRole('button').click()
    await panel(page)
      .getByRole('heading', { name: /^Bill RING-/ })
      .waitFor()
    await page.keyboard.press('Escape')
    await well(opened, 'report-row')
    await behind.getByRole('button', { name: 'Close' }).click()
    await behind.waitFor({ state: 'detached' })

    const csv = await saved(page, head.getByRole('button', { name: 'CSV' }))
    expect(csv.name).toBe('baywatt-revenue-2026-03-01-2026-03-10-kind.csv')
    expect(csv.text).toContain(`EUR,ENERGY,`)
    const json = await saved(page, head.getByRole('button', { name: 'JSON' }))
    expect(JSON.parse(json.text)).toMatchObject({ by: 'kind', reconciled: true, currencies: [{ totals: euro.totals }] })

    await table.getByLabel('Rows').selectOption('exitLane')
    await table.getByRole('button', { name: 'X1' }).waitFor()
    await table.getByLabel('Search in').fill('no such lane')
    await table.getByText('Nothing here matches the search.').waitFor()
    await table.getByRole('button', { name: 'Show everything' }).click()
    await head.getByLabel('Days').selectOption('days')
    await head.getByLabel('From').fill('2026-03-09')
    await head.getByLabel('to', { exact: true }).fill('2026-03-09')
    await head.getByText('Business day 2026-03-09').waitFor()
    await table.getByText('Nothing was billed on these days.').waitFor()
    opened.expect(/422 .*reports/)
    await head.getByLabel('to', { exact: true }).fill('2026-03-08')
    await head.getByText('/to: must not be before from').waitFor()
    await head.getByLabel('Days').selectOption('today')
    await head.getByText('Business day 2026-03-10').waitFor()
    await phone(page)
    await well(opened, 'report')
    await opened.close()
  })

  test('an account gets terms and an invoice, which is paid in part, corrected, given up and read on paper', async () => {
    const first = await enter('invoices')
    const choose = async ({ page }: Visit) => {
      await page.locator('#accountTerms-accountId').selectOption({ label: ada.label })
      return block(page, 'Terms of an account')
    }
    const { accountId, name, number } = (await garage.api('GET', 'accounts?search=Ada')).items[0]
    const ada = { label: `${name} (${number})` }
    first.expect(/404 .*terms$/)
    first.expect(/422 .*invoices$/)
    await block(first.page, 'Invoices').getByText('This site has issued no invoice yet').waitFor()
    await block(first.page, 'Terms of an account').getByText('Choose an account to see its terms.').waitFor()
    const before = await choose(first)
    await before.getByText('Ada is not invoiced').waitFor()
    await before.getByRole('button', { name: 'Invoice this account' }).click()
    await well(first, 'terms-dialog')
    await answer(first.page, 'Set the terms', { 'Days to pay': '10', 'Their reference': 'PO-17' })
    await before.getByText('Each month, due after 10 days').waitFor()
    await before.getByText(/in 2 lines so far, issued by itself on 2026-04-01/).waitFor()
    await before.getByRole('button', { name: 'Issue an invoice now' }).click()
    await answer(first.page, 'Issue it')
    await first.page.getByText('/to: must be after 2026-03-10').waitFor()
    await well(first, 'terms')
    await first.close()

    garage.clock.advance(24 * 60 * minute)
    await garage.settled()
    const opened = await enter('invoices')
    const { page } = opened
    const terms = await choose(opened)
    await terms.getByRole('button', { name: 'Issue an invoice now' }).click()
    await answer(page, 'Issue it')
    await panel(page).getByRole('heading', { name: 'Invoice INV-000001' }).waitFor()
    const [invoice] = await garage.list('invoices')
    expect(invoice).toMatchObject({ accountId, state: 'issued', dueOn: '2026-03-21' })
    await panel(page).getByText('PO-17').waitFor()
    await well(opened, 'invoice')
    await panel(page).getByRole('button', { name: 'Record a payment' }).click()
    await answer(page, 'Record it', { 'Amount in EUR': '1.00', How: 'cash' })
    await panel(page).getByText('Paid in part').waitFor()
    await panel(page).getByRole('button', { name: 'Credit note' }).click()
    await answer(page, 'Issue the credit note', { 'Amount in EUR': '0.50', Reason: 'The lift was broken.' })
    await page.getByText('Choose the line that the amount is of.').waitFor()
    await panel(page).getByRole('button', { name: 'Credit note' }).click()
    await answer(page, 'Issue the credit note', { Line: '1', 'Amount in EUR': '0.50', Reason: 'The lift was broken.' })
    await panel(page).getByRole('heading', { name: 'Credit note INV-000002' }).waitFor()
    await page.keyboard.press('Escape')

    const invoices = page.locator('#block-invoices')
    await invoices.getByLabel('Invoices and credit notes').selectOption('invoice')
    await invoices.getByRole('button', { name: 'INV-000002' }).waitFor({ state: 'detached' })
    const links = invoices.locator('tbody tr').first()
    const paper = async (link: string) => {
      const href = await links.getByRole('link', { name: link }).getAttribute('href')
      const answered = await page.context().request.get(`${garage.url}${href}`, { headers: { accept: 'text/html' } })
      return (await answered.body()).toString('latin1')
    }
    expect(await paper('Page')).toContain('INV-000001')
    expect((await paper('PDF')).slice(0, 5)).toBe('%PDF-')
    const csv = await saved(page, links.getByRole('link', { name: 'Lines' }))
    expect(csv.text.trim().split('\r\n')).toHaveLength(3)
    await invoices.getByRole('button', { name: 'INV-000001' }).click()
    await panel(page).getByRole('button', { name: 'Write off' }).click()
    await answer(page, 'Write it off', { Reason: 'Moved away.' })
    await panel(page).getByText('Written off', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    expect(await garage.api('GET', `invoices/${invoice.invoiceId}`)).toMatchObject({
      state: 'written_off',
      openMinor: 0,
    })

    await invoices.getByRole('button', { name: 'Overdue' }).click()
    await invoices.getByText('No invoice fits.').waitFor()
    await invoices.getByRole('button', { name: 'Show everything' }).click()
    await page.getByLabel('Number of an invoice').fill('000002')
    await invoices.getByRole('button', { name: 'INV-000001' }).waitFor({ state: 'detached' })
    await invoices.getByRole('button', { name: 'INV-000002' }).waitFor()
    await page.getByLabel('Number of an invoice').fill('')
    await invoices.getByRole('button', { name: 'INV-000001' }).waitFor()
    await well(opened, 'invoices')
    await phone(page)
    await well(opened, 'invoices')
    await terms.getByRole('button', { name: 'Invoice no more' }).press('Enter')
    await answer(page, 'Invoice no more')
    await terms.getByText('Ada is not invoiced').waitFor()
    await opened.close()
  })

  test('a plan is added and changed, and a membership starts, pauses, goes on, moves and ends, each looked at before', async () => {
    const next = `2026-04-${garage.clock.now().toISOString().slice(8, 10)}`
    await garage.api('POST', 'groups', { code: 'members', name: 'Members' })
    const opened = await enter('memberships')
    const { page } = opened
    const plans = page.locator('#block-plans')
    const members = page.locator('#block-memberships')
    await members.getByText('Nobody is a member yet. Add a plan below first.').waitFor()
    await plans.getByText('This site has no plan yet.').waitFor()
    const add = async (percent: string) => {
      await plans.getByRole('button', { name: 'Add a plan' }).click()
      const typed = { 'Price in EUR': '31.00', 'Tax in %': percent, Group: 'Members' }
      await answer(page, 'Add it', { Name: 'Monthly', Code: 'MONTHLY', ...typed })
    }
    opened.expect(/422 .*membership-plans$/)
    await add('a fifth')
    await page.getByText(/taxPercent/).waitFor()
    await add('19')
    await plans.getByRole('cell', { name: '€31.00' }).waitFor()
    const plus = {
      siteId: garage.siteId,
      code: 'PLUS',
      every: 'month',
      priceMinor: 6200,
      taxCode: 'standard',
      taxPercent: '19',
    }
    await garage.api('POST', 'membership-plans', plus)
    await plans.getByRole('button', { name: 'Change' }).first().click()
    await well(opened, 'plan-dialog')
    await answer(page, 'Change it', { 'Price in EUR': '31.50' })
    await plans.getByRole('cell', { name: '€31.50' }).waitFor()

    await members.getByRole('button', { name: 'Start a membership' }).click()
    await answer(page, 'Start it', { Account: 'Bob (bob)', Plan: 'Monthly, €31.50 each month' })
    await panel(page).getByRole('heading', { name: 'Membership of Bob' }).waitFor()
    await page.getByText('€31.50 are billed now').waitFor()
    await panel(page).getByText(`${next}, €31.50`).waitFor()
    await panel(page)
      .getByRole('button', { name: /^RING-/ })
      .waitFor()
    await well(opened, 'membership')
    await panel(page).getByRole('button', { name: 'Pause' }).click()
    await answer(page, 'Go on')
    await page.locator('dialog').getByText('€31.50 are given back now.').waitFor()
    await answer(page, 'Pause it')
    await panel(page).getByText('Paused', { exact: true }).waitFor()
    await panel(page).getByRole('button', { name: 'Resume' }).click()
    await answer(page, 'Resume it')
    await panel(page).getByText('Active', { exact: true }).waitFor()
    await panel(page).getByRole('button', { name: 'Move to another plan' }).click()
    await answer(page, 'Go on', { Plan: 'PLUS, €62.00' })
    await page.locator('dialog').getByText('Nothing is billed now.').waitFor()
    await answer(page, 'Move it')
    await panel(page).getByText(`${next}, €62.00`).waitFor()
    await panel(page).getByRole('button', { name: 'Cancel the membership' }).click()
    await answer(page, 'Go on', { Reason: 'Moved away.' })
    await page.locator('dialog').getByText('Does it end so?').waitFor()
    await answer(page, 'Cancel the membership')
    await panel(page).getByText('Moved away.').waitFor()
    await page.keyboard.press('Escape')
    expect(await garage.list('memberships')).toMatchObject([{ state: 'active', endsOn: next }])

    await members.getByLabel('State').selectOption('paused')
    await members.getByText('No membership fits.').waitFor()
    await members.getByRole('button', { name: 'Show everything' }).click()
    await members.getByRole('button', { name: 'Bob' }).waitFor()
    await plans.locator('tbody tr').filter({ hasText: 'PLUS' }).getByRole('button', { name: 'Archive' }).press('Enter')
    await answer(page, 'Archive')
    await plans.locator('tbody tr').filter({ hasText: 'PLUS' }).waitFor({ state: 'detached' })
    await plans.getByRole('button', { name: 'Archived' }).press('Enter')
    await plans.getByRole('button', { name: 'Take back' }).press('Enter')
    await plans.getByText('No plan fits.').waitFor()
    await plans.getByRole('button', { name: 'Show everything' }).click()
    await plans.locator('tbody tr').nth(1).waitFor()
    await well(opened, 'memberships')
    await phone(page)
    await well(opened, 'memberships')
    await opened.close()
  })

  test('nothing of it was an error to the hub', () => {
    expect(garage.errors).toEqual([])
  })
})

// Owns the proof that a person can follow payments, give money back, decide disputes, grant credits and export periods in a browser, against the whole hub.
// Must not reach into the page's scripts; it reads, clicks and types as people do.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../setup/eventually.ts'
import { openStripe, type StripeSim } from '../sim/stripe/stripe.ts'
import { browserPath, launch } from './dashboard/browser.ts'
import { answer, block, enter as logIn, moneyTab, panel, phone, saved, well } from './dashboard/desk.ts'
import { cards, type LiveGarage, liveGarage, type Row } from './dashboard/live-garage.ts'

const browserMissing = browserPath === undefined && process.env.BAYWATT_BROWSER_TESTS !== 'required'
const minute = 60_000
const apiKey = 'sk_test_simulated'
const webhook = 'whsec_simulated'

describe.skipIf(browserMissing)('the pages about work with money', { timeout: 240_000 }, () => {
  let browser: Browser
  let garage: LiveGarage
  let stripe: StripeSim
  let connectionId: string
  /** Of a second person: what the admin key asks for, this one may approve. */
  let clerk: string
  let bills: Row[]

  beforeAll(async () => {
    garage = await liveGarage()
    await garage.furnish()
    stripe = await openStripe({ apiKey, webhookSecret: webhook, now: () => garage.clock.now() })
    await garage.passes('entry', { plate: 'B-WA 1234', card: cards.ada, ref: 'T-1' })
    await garage.passes('entry', { ticket: '4711', ref: 'T-2' })
    garage.clock.advance(130 * minute)
    await garage.fact({
      type: 'payment.captured',
      stayRef: 'T-2',
      data: { amountMinor: 150, currency: 'EUR', method: 'cash', vendorTransaction: 'KIOSK-9', scope: 'parking' },
    })
    await garage.passes('exit', { plate: 'B-WA 1234', card: cards.ada, ref: 'T-1' })
    await garage.passes('exit', { ticket: '4711', ref: 'T-2' })
    garage.clock.advance(60 * minute)
    await garage.settled()
    await garage.api('PATCH', `sites/${garage.siteId}`, { settings: { refund_approval_above_minor: 100 } })
    const made = await garage.api('POST', 'connections', {
      pluginId: 'payment-stripe',
      siteId: garage.siteId,
      name: 'Card payments',
      config: { baseUrl: stripe.url, returnUrl: 'https://garage.example/paid' },
      secrets: { apiKey, webhook },
    })
    connectionId = made.connectionId
    await eventually(
      async () => (await garage.api('GET', `connections/${connectionId}`)).state === 'running',
      'the payment provider',
    )
    bills = await garage.list('bills')
    const scopes = ['money:read', 'money:write', 'sites:read', 'parking:read', 'people:read', 'events:read']
    clerk = (await garage.api('POST', 'api-keys', { name: 'Clerk', scopes, siteIds: null })).key
    browser = await launch()
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await garage?.close()
    await stripe?.close()
  })

  /** The driver pays for a bill. */
  async function paid(bill: Row, capture: 'automatic' | 'manual'): Promise<string> {
    const { orderId } = await garage.api('POST', 'payment-orders', { connectionId, billIds: [bill.billId], capture })
    const order = () => garage.api('GET', `payment-orders/${orderId}`)
    await eventually(async () => (await order()).checkoutUrl !== null, 'the page to pay at')
    const session = [...stripe.sessions.values()].find((one) => one.client_reference_id === orderId)
    stripe.pay(String(session?.id))
    const { body, headers } = stripe.event('checkout.session.completed', session as object)
    await fetch(`${garage.url}/in/${connectionId}/webhook`, { method: 'POST', body, headers })
    const state = capture === 'automatic' ? 'captured' : 'authorised'
    await eventually(async () => (await order()).state === state, state)
    return orderId
  }

  const enter = (view: string, key = clerk) => logIn(browser, garage, view, key)

  test('a payment is found, taken, cancelled and given back, with a second person where the site wants one', async () => {
    const [first, second] = bills as [Row, Row]
    const opened = await enter('payments')
    const { page } = opened
    const orders = block(page, 'Payments asked for')
    await orders.getByText('The hub has not asked anybody for money').waitFor()
    await block(page, 'Money that moved').getByText('KIOSK-9').waitFor()

    const full = await paid(first, 'automatic')
    const held = await paid(second, 'manual')
    await garage.api('POST', `payment-orders/${full}/refund`, { amountMinor: 150, reason: 'The gate was stuck.' })
    await orders.locator('tbody tr').nth(1).waitFor()
    await well(opened, 'payments')

    await orders.getByRole('button', { name: 'Needs a person' }).click()
    await orders.getByRole('button', { name: `Bill ${second.number}` }).waitFor({ state: 'detached' })
    await orders.locator('tbody').getByText('Needs a person').waitFor()
    await page.getByLabel('Search in payments').fill('no such payment')
    await orders.getByText('No payment fits.').waitFor()
    await orders.getByRole('button', { name: 'Show everything' }).click()
    await page.getByLabel('Search in payments').fill(first.number)
    await orders.getByRole('button', { name: `Bill ${first.number}` }).click()
    await panel(page).getByText('Waits for approval', { exact: true }).waitFor()
    await well(opened, 'payment-waiting')
    await panel(page).getByRole('button', { name: 'Approve' }).click()
    await answer(page, 'Approve', { Reason: 'Seen on the camera.' })
    await panel(page).getByText('Given back', { exact: true }).waitFor()
    expect(await garage.api('GET', `payment-orders/${full}`)).toMatchObject({ refundedMinor: 150 })

    // The line breaks after the money went back, and the provider does not answer either.
    stripe.faults.push({ at: 'POST /v1/refunds', how: 'lost' })
    for (let i = 0; i < 20; i++) stripe.faults.push({ at: 'GET /v1', how: 'error' })
    await panel(page).getByRole('button', { name: 'Give money back' }).click()
    await answer(page, 'Give back', { 'Amount in EUR': '0.75', Reason: 'Half an hour too much.' })
    await panel(page).getByRole('button', { name: 'Ask the provider now' }).waitFor()
    stripe.faults.length = 0
    await panel(page).getByRole('button', { name: 'Ask the provider now' }).click()
    await answer(page, 'Ask')
    await panel(page).getByRole('button', { name: 'Ask the provider now' }).waitFor({ state: 'detached' })
    await eventually(async () => {
      const { refundedMinor, unknownSince } = await garage.api('GET', `payment-orders/${full}`)
      return refundedMinor === 225 && unknownSince === null
    }, 'the refund')
    await panel(page).getByRole('button', { name: 'Give money back' }).click()
    await answer(page, 'Give back', { 'Amount in EUR': '0.10', Reason: 'A coin.' })
    await page.getByText('The refund is asked for').first().waitFor()
    await page.keyboard.press('Escape')
    await orders.getByRole('button', { name: 'Outcome unknown' }).click()
    await orders.getByText('No payment fits.').waitFor()
    await orders.getByRole('button', { name: 'Show everything' }).click()
    await orders.getByLabel('State').selectOption('authorised')
    await orders.getByRole('button', { name: `Bill ${first.number}` }).waitFor({ state: 'detached' })
    await orders.getByRole('button', { name: `Bill ${second.number}` }).click()
    await panel(page).getByRole('button', { name: 'Take the money' }).click()
    await answer(page, 'Take it', { 'Amount in EUR': '1.00' })
    await panel(page).getByRole('button', { name: 'Give money back' }).waitFor()
    expect(await garage.api('GET', `payment-orders/${held}`)).toMatchObject({ state: 'captured', capturedMinor: 100 })
    await panel(page).getByRole('button', { name: 'Bill', exact: true }).click()
    await panel(page)
      .getByRole('heading', { name: `Bill ${second.number}` })
      .waitFor()
    await page.keyboard.press('Escape')
    await orders.getByLabel('State').selectOption('')

    const { orderId } = await garage.api('POST', 'payment-orders', { connectionId, billIds: [second.billId] })
    await orders.getByLabel('State').selectOption('authorising')
    await orders.locator('tbody').getByText('Waits for the driver').waitFor()
    await orders.locator('tbody').getByRole('button').first().click()
    await panel(page).getByRole('button', { name: 'Cancel', exact: true }).click()
    await answer(page, 'Cancel the payment', { Reason: 'Paid in cash.' })
    await panel(page).getByText('Cancelled', { exact: true }).waitFor()
    expect((await garage.api('GET', `payment-orders/${orderId}`)).state).toBe('cancelled')
    await page.keyboard.press('Escape')
    await orders.getByRole('button', { name: 'Show everything' }).click()
    await orders.locator('tbody tr').nth(2).waitFor()
    await phone(page)
    await well(opened, 'payments')
    await orders.locator('tbody').getByRole('button').last().click()
    await panel(page).getByRole('heading', { name: 'What happened' }).waitFor()
    await well(opened, 'payment')
    await opened.close()
  })

  test('a bill is disputed and decided, and a credit is granted', async () => {
    const [first, second] = bills as [Row, Row]
    const opened = await enter('disputes')
    const { page } = opened
    const disputes = block(page, 'Disputes')
    await disputes.getByText('Nobody has disputed a bill of this site.').waitFor()
    await moneyTab(page, 'Bills').click()
    const bill = block(page, 'Bills').getByRole('button', { name: first.number, exact: true })
    await bill.click()
    await panel(page).getByRole('button', { name: 'Open a dispute' }).click()
    await well(opened, 'dispute-dialog')
    await answer(page, 'Open the dispute', {
      'Amount in EUR': '1.20',
      Reason: 'The gate opened late.',
      Evidence: 'A photograph of the gate.',
    })
    await panel(page).getByRole('button', { name: 'Dispute', exact: true }).waitFor()
    await panel(page).getByRole('button', { name: 'Grant a credit' }).click()
    await answer(page, 'Grant it', { 'Amount in EUR': '1000.00', Reason: 'Sorry.' })
    opened.expect(/422 .*credits$/)
    await page.getByText('Not granted').waitFor()
    await panel(page).getByRole('button', { name: 'Grant a credit' }).click()
    await answer(page, 'Grant it', { 'Amount in EUR': '0.30', Reason: 'The lift was out of order.' })
    await panel(page).getByText('Goodwill', { exact: true }).waitFor()
    await well(opened, 'bill')
    await panel(page).getByRole('button', { name: 'Dispute', exact: true }).click()
    await panel(page)
      .getByRole('heading', { name: `Dispute of bill ${first.number}` })
      .waitFor()
    await well(opened, 'dispute')
    await panel(page).getByRole('button', { name: 'Accept' }).click()
    await answer(page, 'Accept', { 'Amount in EUR': '0.80', 'In words': 'The log of the gate agrees in part.' })
    await panel(page).getByText('Accepted', { exact: true }).waitFor()
    await page.keyboard.press('Escape')

    await garage.api('POST', `bills/${second.billId}/disputes`, { line: 1, reason: 'I was not there.' })
    await moneyTab(page, 'Disputes').click()
    await disputes.getByLabel('State').selectOption('open')
    const open = disputes.getByRole('button', { name: second.number, exact: true })
    await open.waitFor()
    await disputes.getByRole('button', { name: first.number, exact: true }).waitFor({ state: 'detached' })
    await disputes.getByLabel('Due by').fill('2026-03-10')
    await disputes.getByText('No dispute fits.').waitFor()
    await disputes.getByRole('button', { name: 'Show everything' }).click()
    await open.click()
    await panel(page).getByRole('button', { name: 'Refuse' }).click()
    await answer(page, 'Refuse', { 'In words': 'The plate was read at both gates.' })
    await panel(page).getByText('Refused', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await block(page, 'Granted on bills').getByText('The lift was out of order.').waitFor()
    await well(opened, 'disputes')
    await phone(page)
    await well(opened, 'disputes')
    const stored = await garage.list('disputes')
    expect(stored.map(({ state, creditedMinor }) => [state, creditedMinor])).toEqual([
      ['refused', null],
      ['accepted', 80],
    ])
    await opened.close()
  })

  test('a closed period is checked, exported, downloaded and marked as delivered', async () => {
    garage.clock.advance(24 * 60 * minute)
    await garage.settled()
    const opened = await enter('exports')
    const { page } = opened
    const form = block(page, 'Export a period')
    await form.getByText('No period is closed yet').waitFor()
    await garage.api('POST', 'ledger/periods', { siteId: garage.siteId, to: '2026-03-10', reason: 'The day is over.' })
    await form.getByLabel('Format').selectOption('hledger')
    await form.getByRole('button', { name: 'Check' }).click()
    await form.getByText('/mapping/accounts/revenue.parking', { exact: true }).waitFor()
    await well(opened, 'export-problems')
    await form.getByRole('button', { name: 'After each close' }).click()
    await page.getByText('No mapping yet').waitFor()
    const { items: accounts } = await garage.api('GET', 'ledger/accounts')
    const named = accounts.map(({ code }: Row) => [code, `Assets:${code.replaceAll(/[^a-z]+/g, '-')}`])
    await garage.api('POST', 'ledger/account-mappings', { target: 'hledger', accounts: Object.fromEntries(named) })
    await form.getByRole('button', { name: 'Check' }).click()
    await form.getByText('It can be made').waitFor()
    await form.getByRole('button', { name: 'Make the export' }).click()
    await answer(page, 'Export')
    await panel(page).getByRole('heading', { name: 'Export hledger 1' }).waitFor()
    const { text } = await saved(page, panel(page).getByRole('link').first())
    expect(text).toContain('Assets:revenue-parking')
    await well(opened, 'export')
    await panel(page).getByRole('button', { name: 'Mark as delivered' }).click()
    await answer(page, 'It is delivered', { 'Reference there': 'MJ-2031' })
    await panel(page).getByText('MJ-2031').waitFor()
    await page.keyboard.press('Escape')

    await form.getByText('Options of the format').click()
    await form.getByRole('textbox').first().fill('BW')
    await form.getByRole('button', { name: 'Check' }).click()
    await form.getByText('In the books outside already: hledger 1').waitFor()
    await form.getByRole('button', { name: 'Make the export' }).click()
    await answer(page, 'Export')
    await panel(page).getByRole('heading', { name: 'Export hledger 2' }).waitFor()
    await panel(page).getByRole('button', { name: 'Cancel the export' }).click()
    await answer(page, 'Cancel the export', { Why: 'It was a try.' })
    await panel(page).getByText('It was a try.').waitFor()
    await page.keyboard.press('Escape')
    await form.getByRole('button', { name: 'After each close' }).click()
    await answer(page, 'Export from now on')
    const standing = block(page, 'After each close')
    await standing.getByText('This site').waitFor()
    await well(opened, 'exports')
    await phone(page)
    await well(opened, 'exports')
    await standing.getByRole('button', { name: 'Archive' }).press('Enter')
    await answer(page, 'Archive')
    await standing.getByText('Nothing is exported by itself.').waitFor()
    const stored = await garage.list('ledger/exports')
    expect(stored.map(({ number, state, reference }) => [number, state, reference])).toEqual([
      [2, 'cancelled', null],
      [1, 'delivered', 'MJ-2031'],
    ])
    await opened.close()
  })

  test('a key that only reads sees all of it and can change none of it', async () => {
    const { key } = await garage.api('POST', 'api-keys', {
      name: 'Auditor',
      scopes: ['sites:read', 'money:read'],
      siteIds: [garage.siteId],
    })
    const opened = await enter('disputes', key)
    const { page } = opened
    await block(page, 'Disputes').getByRole('button', { name: bills[0].number, exact: true }).click()
    await panel(page).getByText('The gate opened late.').waitFor()
    await page.getByRole('button', { name: `Bill ${bills[0].number}` }).click()
    await panel(page).getByRole('heading', { name: 'Disputes and credits' }).waitFor()
    expect(await panel(page).getByRole('button', { name: 'Open a dispute' }).count()).toBe(0)
    await page.keyboard.press('Escape')
    await moneyTab(page, 'Payments').click()
    await block(page, 'Payments asked for').locator('tbody').getByRole('button').first().click()
    await panel(page).getByRole('heading', { name: 'What happened' }).waitFor()
    expect(await panel(page).getByRole('button', { name: 'Give money back' }).count()).toBe(0)
    await page.keyboard.press('Escape')
    // Days are the site's, and its overview is closed to this key.
    const asked = block(page, 'Payments asked for')
    await asked.getByLabel('From').fill('2039-01-01')
    await asked.getByText('No payment fits.').waitFor()
    await asked.getByLabel('From').fill('2001-01-01')
    await asked.locator('tbody').getByRole('button').first().waitFor()
    await well(opened, 'payments-read-only')
    await opened.close()
  })

  test('nothing of it was an error to the hub', () => {
    expect(garage.errors).toEqual([])
  })
})

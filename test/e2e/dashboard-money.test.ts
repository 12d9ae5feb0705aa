// Owns the proof that a person can write tariffs, read bills and close the books in a browser, against the whole hub.
// Must not reach into the page's scripts; it reads, clicks and types as people do.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserPath, launch, type Visit, visit } from './dashboard/browser.ts'
import { adminKey, cards, type LiveGarage, liveGarage } from './dashboard/live-garage.ts'
import { pageFaults } from './dashboard/page-checks.ts'

const browserMissing = browserPath === undefined && process.env.BAYWATT_BROWSER_TESTS !== 'required'
const minute = 60_000
const day = 24 * 60 * minute

describe.skipIf(browserMissing)('the pages about money', { timeout: 240_000 }, () => {
  let browser: Browser
  let garage: LiveGarage

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
    await garage.passes('exit', { plate: 'B-WA 1234', card: cards.ada, ref: 'T-1' })
    await garage.passes('entry', { ticket: '4711', ref: 'T-2' })
    garage.clock.advance(130 * minute)
    await garage.passes('exit', { ticket: '4711', ref: 'T-2' })
    garage.clock.advance(60 * minute)
    await garage.settled()
    browser = await launch()
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await garage?.close()
  })

  async function well({ page, complaints }: Visit, name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await pageFaults(page), `${name} in ${colorScheme}`).toEqual([])
      const folder = process.env.BAYWATT_SCREENSHOTS
      const width = page.viewportSize()?.width
      if (folder) await page.screenshot({ path: `${folder}/money-${name}-${colorScheme}-${width}.png`, fullPage: true })
    }
    expect(complaints).toEqual([])
  }
  const enter = async (view: string) => {
    const opened = await visit(browser, `${garage.url}/sites/${garage.siteId}/${view}`)
    await opened.page.getByLabel('API key').fill(adminKey)
    await opened.page.getByRole('button', { name: 'Log in' }).click()
    await opened.page.getByRole('navigation', { name: 'Money' }).waitFor()
    return opened
  }
  const phone = (page: Page) => page.setViewportSize({ width: 390, height: 844 })
  const block = (page: Page, name: string) => page.getByRole('region', { name })

  test('a bill is found, added up, explained and followed to the ledger', async () => {
    const opened = await enter('bills')
    const { page } = opened
    const issued = await garage.list('bills')
    expect(issued).toHaveLength(2)
    const sums = await garage.api('GET', `bill-totals?siteId=${garage.siteId}`)
    const sum = (field: string) => issued.reduce((total, bill) => total + bill[field], 0)
    expect(sums.items).toEqual([
      {
        currency: 'EUR',
        bills: 2,
        adjustments: 0,
        parkingNetMinor: sum('parkingNetMinor'),
        chargingNetMinor: sum('chargingNetMinor'),
        otherNetMinor: 0,
        netMinor: sum('netMinor'),
        taxMinor: sum('taxMinor'),
        totalMinor: sum('totalMinor'),
      },
    ])
    expect(sum('parkingNetMinor') + sum('chargingNetMinor')).toBe(sum('netMinor'))
    expect(sum('chargingNetMinor')).toBe(Math.round(7.4 * 39))
    const euros = (minor: number) => `€${(minor / 100).toFixed(2)}`
    const bills = block(page, 'Bills')
    await bills
      .locator('.sums-row')
      .getByText(euros(sum('totalMinor')))
      .waitFor()
    await well(opened, 'bills')

    const both = issued.find((bill) => bill.chargingNetMinor > 0)
    await page.getByLabel('Number of a bill').fill(both.number.toLowerCase())
    await bills.locator('.sums-row').getByText(euros(both.totalMinor)).waitFor()
    await bills.locator('tbody tr').nth(1).waitFor({ state: 'detached' })
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      bills.getByRole('button', { name: 'CSV' }).click(),
    ])
    const stream = await file.createReadStream()
    const text = Buffer.concat(await stream.toArray()).toString()
    expect(text.trim().split('\r\n')).toHaveLength(2)
    expect(text).toContain(`${both.number},bill,${both.stayId}`)

    await bills.getByRole('button', { name: both.number }).click()
    const panel = page.getByRole('dialog')
    await panel.getByText('7.4 kWh', { exact: true }).waitFor()
    await panel.getByText('Energy', { exact: true }).waitFor()
    await panel.getByRole('table', { name: 'Taxes' }).getByText('19 %').waitFor()
    await panel.getByText(/the day is open/).waitFor()
    await well(opened, 'bill')
    await panel.getByRole('button', { name: 'Stay' }).click()
    await panel.getByRole('heading', { name: 'BWA1234' }).waitFor()
    await panel.getByRole('button', { name: both.number }).click()
    await panel.getByRole('heading', { name: `Bill ${both.number}` }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByLabel('Number of a bill').fill('no such')
    await page.getByText('No bill fits.').waitFor()
    await page.getByRole('button', { name: 'Show everything' }).click()
    await bills.locator('tbody tr').nth(1).waitFor()
    await phone(page)
    await well(opened, 'bills')
    await opened.close()
  })

  test('a tariff is written, checked, tried at both clock changes and published', async () => {
    const opened = await enter('tariffs')
    const { page } = opened
    await block(page, 'Tariffs').getByRole('row').filter({ hasText: '0.39' }).waitFor()
    await well(opened, 'tariffs')
    await block(page, 'Tariffs').getByRole('link', { name: 'Charging' }).click()
    await block(page, 'Holds here for').getByText('everybody').waitFor()
    await page.getByRole('button', { name: 'Next version' }).click()

    const preview = block(page, 'Preview')
    await preview.locator('[data-figure="preview"]').getByText('€9.28').waitFor()
    await page.getByRole('group', { name: 'Energy' }).getByLabel('Per kWh').fill('0.50')
    await preview.locator('[data-figure="preview"]').getByText('€11.90').waitFor()
    // Form and JSON are in step, both ways.
    await page.getByText('Rules as JSON').first().click()
    const json = page.getByRole('textbox', { name: 'Rules as JSON' })
    expect(JSON.parse(await json.inputValue()).energy.price).toBe('0.50')
    await page.getByRole('group', { name: 'Energy' }).getByLabel('Per kWh').fill('0,50')
    await block(page, 'Check').getByText('/energy/price').waitFor()
    expect(await page.getByRole('button', { name: 'Publish' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Undo' }).click()
    await preview.locator('[data-figure="preview"]').waitFor()
    const rules = {
      ...JSON.parse(await json.inputValue()),
      energy: { price: '0.50', windows: [{ name: 'Night', from: '22:00', to: '06:00', price: '0.30' }] },
      idle: { price: '0.10', graceMinutes: 15, maximum: '12.00' },
    }
    await json.fill(JSON.stringify(rules))
    await page.getByRole('group', { name: 'Idle fee', exact: true }).getByLabel('Per idle minute').waitFor()
    await preview.getByLabel('Begins at').fill('23:00')
    await preview.getByText('Energy from 22:00 to 06:00 (Night)').waitFor()
    await preview.getByRole('button', { name: 'On the days of clock changes' }).click()
    await preview.getByText('2026-10-25', { exact: true }).waitFor()
    await preview.getByText(/25 hours/).waitFor()
    await preview.getByText(/23 hours/).waitFor()
    await well(opened, 'tariff-editor')

    // Elsewhere and back: the draft waits.
    await page.getByRole('navigation', { name: 'Money' }).getByRole('link', { name: 'Tariffs' }).click()
    await page.getByRole('button', { name: 'Back to it' }).click()
    await phone(page)
    await well(opened, 'tariff-editor')
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('is published').waitFor()
    await page.setViewportSize({ width: 1440, height: 900 })
    const versions = block(page, 'Versions')
    await versions.getByText('Version 2', { exact: true }).first().waitFor()
    await versions.getByText('/energy/price').waitFor()
    await page.getByRole('button', { name: 'As OCPP 2.1' }).click()
    await block(page, 'Export').getByText(/lost/).first().waitFor()
    await page.getByRole('button', { name: 'Assign' }).click()
    await page.getByRole('dialog').getByLabel('Kind of parker').selectOption('member')
    await page.getByRole('dialog').getByRole('button', { name: 'Assign' }).click()
    await block(page, 'Holds here for').getByText('members').waitFor()
    await well(opened, 'tariff')
    await phone(page)
    await well(opened, 'tariff')
    const [stored] = await garage.list('tariffs', { search: 'CHARGE', siteId: garage.siteId })
    expect(stored?.current.rules).toEqual(rules)
    await opened.close()
  })

  test('a tariff is written from nothing, in a form and as JSON alone', async () => {
    const opened = await enter('tariffs')
    const { page } = opened
    await page.getByRole('button', { name: 'New tariff' }).click()
    const preview = block(page, 'Preview')
    const price = preview.locator('[data-figure="preview"]')
    await page.getByLabel('Engine').selectOption({ label: 'OCPI tariffs' })
    await price.getByText('€11.66').waitFor()
    const json = page.getByRole('textbox', { name: 'Rules as JSON' })
    const ocpi = await json.inputValue()
    await json.fill(ocpi.slice(0, -3))
    await block(page, 'Check').getByRole('alert').getByText('This is no JSON yet').waitFor()
    await json.fill(ocpi.replace('0.49', '"much"'))
    const where = '/tariff/elements/0/price_components/0/price'
    await block(page, 'Check').getByRole('button', { name: where }).first().click()
    const chosen = await json.evaluate((area) => {
      const { value, selectionStart, selectionEnd } = area as unknown as {
        value: string
        selectionStart: number
        selectionEnd: number
      }
      return value.slice(selectionStart, selectionEnd)
    })
    expect(chosen).toBe('"much"')
    await well(opened, 'tariff-json')

    await page.getByLabel('Engine').selectOption({ label: 'Standard tariffs' })
    await page.getByLabel('For', { exact: true }).selectOption('parking')
    await price.getByText('€4.00').waitFor()
    await page.getByLabel('Maximum per day').fill('3.50')
    await page.getByLabel('A day is').selectOption('calendar')
    await price.getByText('€3.50').waitFor()
    await page.getByRole('button', { name: 'Another of' }).click()
    await page.getByRole('group', { name: 'Stretches of the stay 1' }).getByLabel('Until minutes').fill('60')
    await page.getByRole('group', { name: 'Stretches of the stay 2' }).getByLabel('Price').fill('1.00')
    await price.getByText('€3.00').waitFor()
    await page.getByLabel('Code', { exact: true }).fill('DAY')
    await preview.getByText('As a table').first().click()
    await preview.getByRole('table').getByText('€3.00').first().waitFor()
    await well(opened, 'tariff-parking')
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Throw away' }).click()
    await block(page, 'Tariffs').waitFor()
    expect(await garage.list('tariffs', { search: 'DAY' })).toEqual([])
    await opened.close()
  })

  test('a tariff of a partner is taken in, with what is lost', async () => {
    const opened = await enter('tariffs')
    const { page } = opened
    await page.getByRole('button', { name: 'Import' }).click()
    const elements = [
      {
        price_components: [{ type: 'ENERGY', price: 0.45, vat: 19, step_size: 1 }],
        restrictions: { day_of_week: ['MONDAY'], max_power: 16 },
      },
      { price_components: [{ type: 'ENERGY', price: 0.55, vat: 19, step_size: 1 }] },
    ]
    await page.getByRole('textbox', { name: 'Or pasted' }).fill('{')
    await page.getByRole('button', { name: 'Read it' }).click()
    await block(page, 'Import a tariff').getByRole('alert').waitFor()
    const tariff = {
      country_code: 'DE',
      party_id: 'ABC',
      id: 'T-9',
      currency: 'EUR',
      elements,
      last_updated: '2026-01-01T00:00:00Z',
    }
    await page.getByRole('textbox', { name: 'Or pasted' }).fill(JSON.stringify({ data: [tariff] }))
    await page.getByLabel('Take it in as').selectOption('standard')
    await page.getByRole('button', { name: 'Read it' }).click()
    await block(page, 'Import a tariff').getByText(/lost/).first().waitFor()
    await well(opened, 'import')
    await page.getByRole('button', { name: 'Open in the editor' }).click()
    await block(page, 'Preview').locator('[data-figure="preview"]').waitFor()
    await page.getByLabel('Code', { exact: true }).fill('PARTNER')
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('is published').waitFor()
    await opened.close()
  })

  test('the books are closed with a reason, proved and mapped', async () => {
    // Nothing of this stay is billed for a week.
    await garage.api('PATCH', `sites/${garage.siteId}`, { settings: { settle_delay_minutes: 10_080 } })
    await garage.passes('entry', { ticket: '4712', ref: 'T-3' })
    garage.clock.advance(30 * minute)
    await garage.passes('exit', { ticket: '4712', ref: 'T-3' })
    garage.clock.advance(day)
    await garage.settled()
    const opened = await enter('periods')
    const { page } = opened
    const open = block(page, 'Open days')
    await open.getByText('nothing is closed yet').waitFor()
    await open.getByText('1 thing would be closed unsettled').waitFor()
    await block(page, 'Trial balance').getByText('Balances').waitFor()
    await well(opened, 'periods-open')
    await open.getByRole('button', { name: /^Close up to/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('The car was towed away.')
    await dialog.getByRole('button', { name: 'Close for good' }).click()
    await page.getByText(/The books are closed up to/).waitFor()
    await block(page, 'Closed periods').getByRole('button', { name: 'No. 1' }).click()
    await page.getByText('The car was towed away.').waitFor()
    await page.getByRole('button', { name: 'Verify the chain' }).click()
    await page.getByText('The chain holds').waitFor()
    await page.getByRole('button', { name: 'Show its entries' }).click()
    const entries = block(page, 'Entries')
    await entries.getByRole('button', { name: 'Period 1' }).waitFor()
    await entries.getByText('revenue.parking').first().waitFor()

    await open.getByRole('button', { name: 'Change' }).click()
    await dialog.getByLabel('Days').fill('3')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await open.getByText('3 days after a day is over').waitFor()
    const site = await garage.api('GET', `sites/${garage.siteId}`)
    expect(site.settings).toEqual({ settle_delay_minutes: 10_080, ledger_close_after_days: 3 })

    const mappings = block(page, 'Account mappings')
    await mappings.getByRole('button', { name: 'New mapping' }).click()
    await dialog.getByLabel('For').fill('datev-extf')
    await dialog.getByRole('button', { name: 'Add' }).click()
    await mappings
      .getByText(/was posted to and is not mapped/)
      .first()
      .waitFor()
    const missing = await mappings.getByText('Missing', { exact: true }).count()
    await mappings.getByLabel(/revenue\.parking/).fill('4400')
    await mappings.getByRole('button', { name: 'Save' }).click()
    await page.getByText('The mapping for datev-extf is saved').waitFor()
    await expect.poll(() => mappings.getByText('Missing', { exact: true }).count()).toBe(missing - 1)
    const [mapping] = (await garage.api('GET', 'ledger/account-mappings')).items
    expect(mapping.accounts).toEqual({ 'revenue.parking': '4400' })
    await well(opened, 'periods')
    await phone(page)
    await well(opened, 'periods')
    await opened.close()
  })

  test('a key without money sees that it has none', async () => {
    const { key } = await garage.api('POST', 'api-keys', {
      name: 'Guard',
      scopes: ['sites:read', 'parking:read'],
      siteIds: [garage.siteId],
    })
    const opened = await visit(browser, `${garage.url}/sites/${garage.siteId}/bills`)
    const { page } = opened
    await page.getByLabel('API key').fill(key)
    await page.getByRole('button', { name: 'Log in' }).click()
    for (const tab of ['Bills', 'Tariffs', 'Periods']) {
      await page.getByRole('navigation', { name: 'Money' }).getByRole('link', { name: tab }).click()
      await page.getByText('This key does not reach these records.').first().waitFor()
      await well(opened, `none-${tab}`)
    }
    await opened.close()
  })

  test('nothing of it was an error to the hub', () => {
    expect(garage.errors).toEqual([])
  })
})

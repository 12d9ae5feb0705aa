// Owns the proof of the pages about the parking side and about people: a real browser beside a garage whose gates really talk.
// Must not reach into the page's scripts; it reads, clicks and types as people do.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../setup/eventually.ts'
import { browserPath, launch, type Visit, visit } from './dashboard/browser.ts'
import { adminKey, cards, type LiveGarage, liveGarage } from './dashboard/live-garage.ts'
import { pageFaults } from './dashboard/page-checks.ts'

const browserMissing = browserPath === undefined && process.env.BAYWATT_BROWSER_TESTS !== 'required'

describe.skipIf(browserMissing)('the pages of parking and people', { timeout: 180_000 }, () => {
  let browser: Browser
  let garage: LiveGarage

  beforeAll(async () => {
    garage = await liveGarage()
    await garage.furnish()
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await garage?.close()
  })

  async function opened(view: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const one = await visit(browser, `${garage.url}/sites/${garage.siteId}/${view}`, options)
    await one.page.getByLabel('API key').fill(adminKey)
    await one.page.getByRole('button', { name: 'Log in' }).click()
    await one.page.getByRole('heading', { level: 1, name: 'Ring garage' }).waitFor()
    return one
  }

  const block = (page: Page, name: string) =>
    page.locator('section.block', { has: page.getByRole('heading', { name, exact: false }) })

  async function well({ page, complaints }: Visit, name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await pageFaults(page), `${page.url()} in ${colorScheme}`).toEqual([])
      const folder = process.env.BAYWATT_SCREENSHOTS
      if (folder) await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png`, fullPage: true })
    }
    expect(complaints).toEqual([])
  }

  const dialog = (page: Page) => page.getByRole('dialog')

  test('a car that stands at a charger without a cable is shown, and so is everything that is not there yet', async () => {
    await garage.fact({ type: 'bay.changed', data: { bay: 'A-1', occupied: true } })
    const one = await opened('parking')
    const bays = block(one.page, 'Charging bays')
    await bays.getByRole('row').filter({ hasText: 'A-4' }).filter({ hasText: 'Free' }).waitFor()
    await bays.getByRole('row').filter({ hasText: 'A-1' }).filter({ hasText: 'a car has just come' }).waitFor()
    await block(one.page, 'Asked of the parking system').getByText('Nothing has been asked').waitFor()
    await block(one.page, 'Cameras and readers').getByText('No camera or card reader has reported').waitFor()
    await block(one.page, 'Same card, two readers').getByText('No card reader stands at this site').waitFor()
    await well(one, 'parking-empty')
    await one.page.context().close()
  })

  test('a count that finds fewer cars than the stays closes the ghosts, and is taken back', async () => {
    for (const plate of ['B-GH 1', 'B-GH 2', 'B-GH 3']) await garage.passes('entry', { plate })
    garage.clock.advance(3 * 86_400_000)
    const one = await opened('parking')
    const inside = block(one.page, 'Cars inside')
    await inside.locator('[data-figure="by-stays"]').filter({ hasText: '3' }).waitFor()
    await inside.getByRole('button', { name: 'Enter a count' }).click()
    await dialog(one.page).getByLabel('Cars').fill('1')
    await dialog(one.page).getByLabel('Note').fill('Walked all decks')
    await well(one, 'parking-count')
    await dialog(one.page).getByRole('button', { name: 'Save the count' }).click()
    await dialog(one.page).getByRole('button', { name: 'Close them' }).click()
    await garage.settled()
    await inside.locator('[data-figure="by-stays"]').filter({ hasText: '1' }).waitFor()
    await well(one, 'parking-counted')
    await inside.getByRole('button', { name: 'Take back' }).click()
    await garage.settled()
    await inside.locator('[data-figure="by-stays"]').filter({ hasText: '3' }).waitFor()
    await one.page.context().close()
  })

  test('readers are placed and paired by hand', async () => {
    const { connectionId } = (await garage.list('connections'))[0]
    await garage.api('POST', 'readers', { siteId: garage.siteId, name: 'GATE-1', kind: 'card', connectionId })
    const one = await opened('parking')
    const { page } = one
    const readers = block(page, 'Cameras and readers')
    await readers.getByText('No place yet: its reads wait').waitFor()
    await readers.getByRole('button', { name: 'Place GATE-1' }).click()
    await dialog(page).getByLabel('Name').fill('Reader at the entry')
    await dialog(page).getByLabel('Lane').selectOption({ label: 'Entry' })
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await readers.getByText('Entry · E1').waitFor()

    const pairing = block(page, 'Same card, two readers')
    await pairing.getByRole('button', { name: 'Pair readers' }).click()
    await dialog(page).getByRole('button', { name: 'Begin' }).click()
    await pairing.getByText('Show a card to one of the two').waitFor()
    const typeIn = async (shownTo: string, raw: string) => {
      await pairing.getByRole('button', { name: 'Type a card in' }).click()
      await dialog(page).getByLabel('Shown to').selectOption({ label: shownTo })
      await dialog(page).getByLabel('Number').fill(raw)
      await dialog(page).getByRole('button', { name: 'Add' }).click()
    }
    await typeIn('Reader at the entry', 'F6E5D4C3B2A104')
    await pairing.getByText('Now show the same card to CP-01').waitFor()
    await typeIn('CP-01', '04A1B2C3D4E5F6')
    await pairing.getByText('gives the bytes reversed').waitFor()
    await well(one, 'parking-pairing')
    await pairing.getByRole('button', { name: 'Accept' }).first().click()
    await dialog(page).getByRole('button', { name: 'Set' }).click()
    await pairing.getByText('Accepted').waitFor()
    const [reader] = await garage.list('readers')
    expect(reader.decodeProfile).toMatchObject({ byteOrder: 'lsb' })
    await pairing.getByRole('button', { name: 'Take back' }).click()
    await pairing.getByText('Taken back').waitFor()
    await eventually(async () => (await garage.list('readers'))[0].decodeProfile === null, 'the profile before')
    await one.page.context().close()
  })

  test('the rules are asked, a card is blocked, and how far that has come is shown', async () => {
    const one = await opened('people')
    const { page } = one
    const may = block(page, 'May they?')
    await may.getByLabel('Card, plate or code').fill(cards.ada)
    await may.getByRole('button', { name: 'Ask' }).click()
    await may.locator('.answer').filter({ hasText: 'Yes' }).waitFor()
    const list = block(page, 'Credentials')
    const row = list.getByRole('row').filter({ hasText: cards.ada })
    await row.filter({ hasText: 'Active' }).waitFor()
    await well(one, 'people')
    await row.getByRole('button', { name: 'Block' }).click()
    await dialog(page).getByRole('button', { name: 'Block' }).click()
    await row.filter({ hasText: 'Blocked' }).waitFor()
    await garage.settled()
    await list.locator('.reach').filter({ hasText: 'Complete' }).waitFor()
    await may.getByRole('button', { name: 'Ask' }).click()
    await may.locator('.answer').filter({ hasText: 'No' }).waitFor()
    await well(one, 'people-blocked')
    await page.getByLabel('Search among all credentials').fill('nobody has this')
    await list.getByText('No credential fits').waitFor()
    await one.page.context().close()
  })

  test.each(['parking', 'people'])('%s fits a phone', async (view) => {
    const one = await opened(view, { viewport: { width: 390, height: 844 } })
    await one.page.getByRole('heading', { level: 2 }).first().waitFor()
    await well(one, `${view}-phone`)
    await one.page.context().close()
  })
})

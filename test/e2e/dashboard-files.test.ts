// Owns the proof that a person can map a parking system's files in a browser: a sample, its columns, the dry run, a mapping that works.
// Must not reach into the page's scripts; it reads, clicks and types as people do.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../setup/eventually.ts'
import { browserPath, launch, type Visit, visit } from './dashboard/browser.ts'
import { adminKey, type LiveGarage, liveGarage } from './dashboard/live-garage.ts'
import { pageFaults } from './dashboard/page-checks.ts'

const browserMissing = browserPath === undefined && process.env.BAYWATT_BROWSER_TESTS !== 'required'

const sample = [
  'Vorgang;Ticket;Kennzeichen;Einfahrt;Ausfahrt;Betrag;Kunde',
  '7001;T1;B-WÄ 1234;09.03.2026 10:00:00;09.03.2026 12:30:00;5,50;Kurz',
  '7002;T2;B-KA 2566;09.03.2026 11:00:00;;;Dauer',
  '7003;T3;;gestern;;;Kurz',
  '',
].join('\r\n')

describe.skipIf(browserMissing)('the page of files', { timeout: 180_000 }, () => {
  let browser: Browser
  let garage: LiveGarage
  let connectionId: string

  beforeAll(async () => {
    garage = await liveGarage()
    await garage.furnish()
    const made = await garage.api('POST', 'connections', {
      pluginId: 'parcs-files',
      siteId: garage.siteId,
      name: 'Old gates',
      config: {},
    })
    connectionId = made.connectionId
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await garage?.close()
  })

  async function well({ page, complaints }: Visit): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await pageFaults(page), `${page.url()} in ${colorScheme}`).toEqual([])
      await picture(page, colorScheme)
    }
    expect(complaints).toEqual([])
  }
  const picture = async (page: Page, name: string) => {
    const folder = process.env.BAYWATT_PICTURES
    if (folder)
      await page.screenshot({ path: `${folder}/files-${name}-${page.viewportSize()?.width}.png`, fullPage: true })
  }
  const enter = async (viewport?: { width: number; height: number }) => {
    const opened = await visit(browser, `${garage.url}/sites/${garage.siteId}/system`, viewport ? { viewport } : {})
    await opened.page.getByLabel('API key').fill(adminKey)
    await opened.page.getByRole('button', { name: 'Log in' }).click()
    await opened.page.getByRole('link', { name: 'Old gates' }).click()
    await opened.page.getByRole('heading', { name: 'Files of Old gates' }).waitFor()
    return opened
  }
  const dropSample = (page: Page) =>
    page
      .getByLabel('Sample file')
      .setInputFiles({ name: 'gates.csv', mimeType: 'text/csv', buffer: Buffer.from(sample, 'latin1') })

  test('a sample is dropped, its mapping proposed, changed and saved, and a file taken by it', async () => {
    const opened = await enter()
    const { page } = opened
    await dropSample(page)
    await page.getByText('3 rows · 2 would be taken · 1 rejected').waitFor()
    const row = (line: string) =>
      page.locator('.files-run tbody tr', { has: page.locator('td:first-child', { hasText: new RegExp(`^${line}$`) }) })
    await row('2').filter({ hasText: 'payment.captured' }).filter({ hasText: '550 EUR minor' }).waitFor()
    await row('2').filter({ hasText: 'plate B-WÄ 1234' }).waitFor()
    await row('4').filter({ hasText: 'Einfahrt is no date and time' }).waitFor()
    await well(opened)

    // What is typed is tried at once: a customer's kind in the vendor's own words.
    const opening = page.getByRole('group', { name: 'A stay began' })
    await opening.getByText('More fields').click()
    await opening.getByLabel('Kind of parker').selectOption('Kunde')
    await row('2').filter({ hasText: 'Kunde is none of transient' }).waitFor()
    const meaning = opening.getByLabel('Kind of parker: what the words mean')
    await meaning.fill('Kurz=transient, Dauer=contract')
    // The list of files is read anew and the page drawn with it; what is being typed stays.
    for (let drawn = 0; drawn < 2; drawn++) await page.waitForResponse(/parcs-files\/files\?/)
    expect(await meaning.inputValue()).toBe('Kurz=transient, Dauer=contract')
    await meaning.press('Tab')
    await page.getByText('3 rows · 2 would be taken · 1 rejected').waitFor()

    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('The mapping is saved').waitFor()
    const saved = await garage.api('GET', `connections/${connectionId}`)
    expect(saved.config.mapping.facts[0].fields.parkerKind).toEqual({
      column: 'Kunde',
      words: { Kurz: 'transient', Dauer: 'contract' },
    })
    await eventually(
      async () => (await garage.api('GET', `connections/${connectionId}`)).state === 'running',
      'the connection',
    )

    const response = await fetch(
      `${garage.url}/api/v1/x/parcs-files/files?name=gates.csv&connectionId=${connectionId}`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/octet-stream' },
        body: Buffer.from(sample, 'latin1'),
      },
    )
    expect(response.status).toBe(202)
    const taken = page.locator('#block-files tbody tr', { hasText: 'gates.csv' })
    await taken.filter({ hasText: 'Taken' }).waitFor()
    await taken.getByRole('button', { name: '1 rejected lines of gates.csv' }).click()
    await taken.getByText('Line 4, Einfahrt: is no date and time').waitFor()
    const stays = await garage.list('stays')
    expect(stays.map(({ state, parkerKind }) => `${state} ${parkerKind}`).sort()).toEqual([
      'closed transient',
      'open contract',
    ])
    await well(opened)
    await opened.close()
  })

  test('on a phone', async () => {
    const opened = await enter({ width: 390, height: 844 })
    await dropSample(opened.page)
    await opened.page.getByText('3 rows · 2 would be taken · 1 rejected').waitFor()
    await well(opened)
    await opened.close()
  })
})

// Owns the proof that the dashboard works for a person: a real browser on a whole hub, with gates and chargers that really talk.
// Must not reach into the page's scripts; it reads, clicks and types as people do.
import { readFile } from 'node:fs/promises'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../setup/eventually.ts'
import type { Station } from '../sim/index.ts'
import { browserPath, launch, type Visit, visit } from './dashboard/browser.ts'
import { adminKey, cards, type LiveGarage, liveGarage } from './dashboard/live-garage.ts'
import { pageFaults } from './dashboard/page-checks.ts'

// A machine without a browser still runs all other tests; the check of this repository has one and asks for it.
const browserMissing = browserPath === undefined && process.env.BAYWATT_BROWSER_TESTS !== 'required'
if (browserMissing)
  console.warn('The dashboard was not tried: no Chromium here (apt-get install chromium, or set CHROMIUM_PATH).')

const minute = 60_000

describe.skipIf(browserMissing)('the dashboard', { timeout: 180_000 }, () => {
  let browser: Browser
  let garage: LiveGarage
  const stations = new Map<string, Station>()

  beforeAll(async () => {
    garage = await liveGarage()
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await garage?.close()
  })

  async function logIn(page: Page, key = adminKey): Promise<void> {
    await page.getByLabel('API key').fill(key)
    await page.getByRole('button', { name: 'Log in' }).click()
  }

  async function atTheSite(options: BrowserContextOptions = {}, path = ''): Promise<Visit> {
    const opened = await visit(browser, `${garage.url}/sites/${garage.siteId}${path}`, options)
    await logIn(opened.page)
    await opened.page.getByRole('heading', { level: 1, name: 'Ring garage' }).waitFor()
    return opened
  }

  const bay = (page: Page, code: string) => page.locator(`[data-bay="${code}"]`)
  const says = async (page: Page, code: string, text: RegExp) => {
    await bay(page, code).filter({ hasText: text }).waitFor()
  }
  const live = (page: Page) => page.locator('.pill[data-state="live"]').waitFor()
  const block = (page: Page, name: string) =>
    page.locator('section.block', { has: page.getByRole('heading', { name, exact: false }) })

  const activityOf = (page: Page) => block(page, 'Activity')

  /** Nobody complained, and the page keeps what it owes to everybody, in both colours. */
  async function well({ page, complaints }: Visit): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await pageFaults(page), `${page.url()} in ${colorScheme}`).toEqual([])
    }
    expect(complaints).toEqual([])
  }

  test('a first visitor is told about keys, logs in, and makes the first site', async () => {
    const first = await visit(browser, garage.url)
    const { page } = first
    await page.getByLabel('API key').waitFor()
    await well(first)
    first.expect(/^401 /)
    await logIn(page, 'bwk_not_a_key_of_this_hub_at_all')
    await page.getByRole('alert').filter({ hasText: 'This key is not known' }).waitFor()
    await logIn(page)
    await page.getByRole('heading', { name: 'No site yet' }).waitFor()
    await well(first)

    await page.getByLabel('Short name').fill('SIDE')
    await page.getByLabel('Name', { exact: true }).fill('Side street')
    await page.getByLabel('Time zone').fill('Europe/Nowhere')
    await page.getByLabel('Currency').fill('eur')
    first.expect(/^422 .*\/sites$/)
    await page.getByRole('button', { name: 'Add the site' }).click()
    await page.getByRole('alert').filter({ hasText: 'timeZone' }).waitFor()
    await page.getByLabel('Time zone').fill('Europe/Lisbon')
    await page.getByRole('button', { name: 'Add the site' }).click()
    await page.getByRole('heading', { level: 1, name: 'Side street' }).waitFor()

    await page.getByText('This site has no bays yet.').waitFor()
    await page.getByText('No car is plugged in at this site.').waitFor()
    await page.getByText('No car is inside.').waitFor()
    await page.locator('.site-head').filter({ hasText: '13:00' }).filter({ hasText: 'Europe/Lisbon' }).waitFor()
    await well(first)
    await first.close()
  })

  test('a busy site is shown bay by bay, in its own time, and readable by everybody', async () => {
    await garage.furnish()
    await garage.passes('entry', { plate: 'B-OK 1', ticket: '00011111', ref: 'T-1' })
    garage.clock.advance(50 * minute)
    await garage.passes('exit', { plate: 'B-OK 1', ticket: '00011111', ref: 'T-1' })
    await garage.passes('entry', { plate: 'B-WA 1234', card: cards.ada, ref: 'T-2' })
    garage.clock.advance(2 * minute)
    await charge('CP-01', 'ocpp1.6', cards.ada, 900)
    // Two plates as near to the one that is expected: only a person can tell.
    await garage.passes('entry', { plate: 'B-KA 2S66', ticket: '00033333', ref: 'T-3' })
    await garage.passes('entry', { plate: 'B-KA 256G', ticket: '00044444', ref: 'T-4' })
    garage.clock.advance(3 * minute)
    await charge('CP-02', 'ocpp2.0.1', cards.bob, 700)
    stations.set('CP-03', await garage.charger('CP-03', 'ocpp1.6'))
    await stations.get('CP-03')?.fault(1, 'GroundFailure')
    await garage.fact({ type: 'bay.changed', data: { bay: 'A-5', occupied: true } })
    await garage.fact({
      type: 'occupancy.changed',
      data: { counter: 'total', free: 118, occupied: 62, capacity: 180 },
    })
    // Until the bill of the stay that is over is due.
    garage.clock.advance(60 * minute)
    await garage.settled()

    const opened = await visit(browser, garage.url)
    const { page } = opened
    await logIn(page)
    await page.getByRole('link', { name: 'Ring garage' }).click()
    await live(page)

    await says(page, 'A-1', /Charging.*10\.8 kW.*0\.90 kWh/)
    await says(page, 'A-1', /BWA1234/)
    await says(page, 'A-2', /Charging.*7\.4 kW/)
    await says(page, 'A-2', /link waits for review/)
    await says(page, 'A-3', /Fault/)
    await says(page, 'A-4', /Offline/)
    await says(page, 'A-5', /Parked/)
    await page.getByText('1 bay has neither charger nor sensor.').waitFor()

    await page.locator('.site-head').filter({ hasText: '16:05' }).filter({ hasText: 'Tuesday' }).waitFor()
    const figure = (name: string) => page.locator(`[data-figure="${name}"]`).textContent()
    expect(await figure('stays')).toBe('3')
    expect(await figure('charging')).toBe('2')
    expect(await figure('power')).toBe('18.2 kW')
    expect(await figure('revenue-park')).toBe('€2.00')
    expect(await figure('revenue-charge')).toBe('€0.00')
    await page.getByText('118 spaces free of 180').waitFor()
    await block(page, 'Running sessions')
      .getByRole('row')
      .filter({ hasText: 'CP-01' })
      .filter({ hasText: 'BWA1234' })
      .waitFor()

    for (const view of ['Live', 'Links', 'Stations', 'Money', 'System']) {
      await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click()
      await page.locator('[aria-busy]').first().waitFor({ state: 'detached' })
      await well(opened)
    }
    await page.setViewportSize({ width: 390, height: 844 })
    for (const view of ['Live', 'Links', 'Stations', 'Money', 'System']) {
      await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click()
      await page.locator('[aria-busy]').first().waitFor({ state: 'detached' })
      await well(opened)
    }
    await opened.close()
  })

  async function charge(id: string, version: 'ocpp1.6' | 'ocpp2.0.1', card: string, energyWh: number): Promise<void> {
    const station = stations.get(id) ?? (await garage.charger(id, version))
    stations.set(id, station)
    await station.plugIn(1)
    expect(await station.presentCard(1, { value: card, type: 'ISO14443' })).toMatchObject({ kind: 'accepted' })
    garage.clock.advance(5 * minute)
    await station.meter(1, energyWh, { powerW: version === 'ocpp1.6' ? 10_800 : 7_400 })
    await garage.settled()
  }

  test('what happens is seen as it happens', async () => {
    const opened = await atTheSite()
    const { page } = opened
    await live(page)
    await says(page, 'A-4', /Offline/)
    await says(page, 'A-5', /Parked/)

    stations.set('CP-04', await garage.charger('CP-04', 'ocpp2.0.1'))
    await says(page, 'A-4', /Free/)
    const activity = activityOf(page)
    await activity.getByText('CP-04 is connected').waitFor()
    await garage.fact({ type: 'bay.changed', data: { bay: 'A-5', occupied: false } })
    await says(page, 'A-5', /Free/)
    await garage.passes('entry', { plate: 'B-XY 77', ticket: '00055555', ref: 'T-5' })
    await block(page, 'Open stays').getByRole('row').filter({ hasText: 'BXY77' }).waitFor()
    await activity.getByText('BXY77 drove in').waitFor()
    await well(opened)
    await opened.close()
  })

  test('without the stream it asks again and again, and says so', async () => {
    const opened = await visit(browser, 'about:blank')
    const { page } = opened
    opened.expect(/ERR_FAILED.*events\/stream/)
    await page.route('**/events/stream*', (route) => route.abort())
    await page.goto(`${garage.url}/sites/${garage.siteId}`)
    await logIn(page)
    await page.locator('.pill[data-state="reconnecting"]').waitFor()
    await says(page, 'A-5', /Free/)
    await garage.fact({ type: 'bay.changed', data: { bay: 'A-5', occupied: true } })
    await says(page, 'A-5', /Parked/)
    expect(opened.complaints).toEqual([])
    await opened.close()
  })

  test('a bay opens all that belongs to its car', async () => {
    const opened = await atTheSite()
    const { page } = opened
    await bay(page, 'A-1').focus()
    await page.keyboard.press('Enter')
    const panel = page.getByRole('dialog', { name: 'Bay A-1' })
    await panel.getByText('The same enrolled credential was used at gate and charger.').first().waitFor()
    for (const part of ['Stay', 'Charging at CP-01', 'Link', 'Timeline']) {
      await panel.getByRole('heading', { name: part }).waitFor()
    }
    await panel.getByRole('listitem').filter({ hasText: 'Drove in' }).filter({ hasText: '14:50' }).waitFor()
    await panel.getByRole('listitem').filter({ hasText: 'Plugged in' }).filter({ hasText: '14:52' }).waitFor()
    await well(opened)
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    expect(await bay(page, 'A-1').evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)
    await opened.close()
  })

  test('a doubtful link is accepted by key, after taking a hasty decision back', async () => {
    const opened = await atTheSite({}, '/links')
    const { page } = opened
    const options = page.locator('.queue-list').getByRole('option')
    await options.nth(1).waitFor()
    await page.getByText('Only one can be right').waitFor()
    await options.first().click()
    const chosen = page.locator('.queue-list [aria-selected="true"]')
    const stay = (await chosen.locator('b').textContent()) ?? ''
    expect(stay).toMatch(/^BKA2/)

    await page.keyboard.press('r')
    await options.filter({ hasText: 'Rejected, sent in' }).waitFor()
    await page.keyboard.press('u')
    await options.filter({ hasText: 'Rejected' }).waitFor({ state: 'detached' })
    await page.keyboard.press('ArrowUp')
    await chosen.filter({ hasText: stay }).waitFor()
    await page.keyboard.press('a')
    await options.filter({ hasText: 'Accepted, sent in' }).waitFor()

    await eventually(
      async () => (await garage.list('links', { state: 'linked' })).some((link) => link.decidedBy !== 'hub'),
      'the link',
    )
    const linked = (await garage.list('links', { state: 'linked' })).find((link) => link.decidedBy !== 'hub')
    expect((await garage.api('GET', `stays/${linked.stayId}`)).plate).toBe(stay)
    await page.getByText('Nothing waits for review.').waitFor()
    const decided = block(page, 'Recently decided').getByRole('row').filter({ hasText: stay })
    await decided.filter({ hasText: 'a person' }).filter({ hasText: 'Linked' }).waitFor()
    await well(opened)

    await page.getByRole('navigation').getByRole('link', { name: 'Live' }).click()
    await says(page, 'A-2', new RegExp(stay))
    await opened.close()
  })

  test('a link is taken apart and made again', async () => {
    const opened = await atTheSite({}, '/links')
    const { page } = opened
    const row = block(page, 'Recently decided').getByRole('row').filter({ hasText: 'BWA1234' })
    await row.getByRole('button', { name: 'Take apart' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Take apart' }).click()
    await row.filter({ hasText: 'Taken apart' }).waitFor()
    expect((await garage.list('links', { state: 'unlinked' })).length).toBe(1)
    await row.getByRole('button', { name: 'Accept after all' }).click()
    await row.filter({ hasText: 'Linked' }).waitFor()
    expect(opened.complaints).toEqual([])
    await opened.close()
  })

  test('a decision is not lost when the page is left at once', async () => {
    await garage.passes('entry', { plate: 'B-KA Z566', ticket: '00066666', ref: 'T-6' })
    await garage.passes('entry', { plate: 'B-KA 25G6', ticket: '00077777', ref: 'T-7' })
    garage.clock.advance(3 * minute)
    await charge('CP-04', 'ocpp2.0.1', cards.bob, 300)
    const before = (await garage.list('links', { state: 'review' })).length
    expect(before).toBeGreaterThan(1)
    const opened = await atTheSite({}, '/links')
    const { page } = opened
    await page.locator('.queue-list').getByRole('option').first().click()
    await page.keyboard.press('r')
    await page.getByText('Rejected, sent in').waitFor()
    await page.goto('about:blank')
    await eventually(async () => (await garage.list('links', { state: 'rejected' })).length === 1, 'the rejection')
    expect(opened.complaints).toEqual([])
    await opened.close()
  })

  test('a station that nobody knows is let in by a person', async () => {
    const opened = await atTheSite({}, '/stations')
    const { page } = opened
    const stranger = await garage.charger('NEW-9', 'ocpp1.6')
    const waiting = page.getByRole('listitem').filter({ hasText: 'NEW-9' })
    await waiting.getByRole('button', { name: 'Approve NEW-9' }).click()
    const dialog = page.getByRole('dialog', { name: 'Approve NEW-9?' })
    expect(await dialog.getByLabel('Site').inputValue()).toBe(garage.siteId)
    await well(opened)
    await dialog.getByRole('button', { name: 'Approve' }).click()
    await block(page, 'Stations').getByRole('row').filter({ hasText: 'NEW-9' }).waitFor()
    await waiting.waitFor({ state: 'detached' })
    const [station] = await garage.list('stations', { search: 'NEW-9' })
    expect(station).toMatchObject({ admission: 'accepted', siteId: garage.siteId })
    expect(opened.complaints).toEqual([])
    await stranger.close()
    await opened.close()
  })

  test('charging is stopped from a chair, and the true end is told', async () => {
    const opened = await atTheSite()
    const { page } = opened
    const sessions = block(page, 'Running sessions')
    await sessions.getByRole('button', { name: 'Stop charging at CP-01' }).click()
    const dialog = page.getByRole('dialog', { name: 'Stop charging at CP-01?' })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await garage.list('commands')).toEqual([])
    await sessions.getByRole('button', { name: 'Stop charging at CP-01' }).click()
    await dialog.getByRole('button', { name: 'Stop charging' }).click()
    await page.getByText('Charging at CP-01 has ended').waitFor()
    await sessions.getByRole('row').filter({ hasText: 'CP-01' }).filter({ hasText: 'Ended, cable in' }).waitFor()
    const [command] = await garage.list('commands')
    expect(command).toMatchObject({ name: 'stop', state: 'answered', outcome: 'accepted' })
    expect(stations.get('CP-01')?.evses[0]?.transaction?.energising).not.toBe(true)
    await says(page, 'A-1', /Idle/)
    await well(opened)

    // A station that is away cannot be told; nothing is claimed.
    await stations.get('CP-02')?.goOffline()
    await activityOf(page).getByText('CP-02 lost its connection').waitFor()
    await sessions.getByRole('button', { name: 'Stop charging at CP-02' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Stop charging' }).click()
    const notice = page.locator('.notice').filter({ hasText: 'CP-02' })
    await notice.getByRole('button', { name: 'Withdraw' }).click()
    await notice.filter({ hasText: 'CP-02 was not stopped' }).waitFor()
    await stations.get('CP-02')?.goOnline()
    expect(opened.complaints).toEqual([])
    await opened.close()
  })

  test('a station is taken out of service and put back, and what it answered is told', async () => {
    const opened = await atTheSite({}, '/stations')
    const { page } = opened
    const stationsBlock = block(page, 'Stations')
    const work = async (label: string, fill: (dialog: Locator) => Promise<unknown> = async () => undefined) => {
      await stationsBlock.getByRole('button', { name: 'More CP-01' }).click()
      const choice = page.getByRole('dialog', { name: 'What is to be done at CP-01?' })
      await choice.getByLabel('Work').selectOption({ label })
      await well(opened)
      await choice.getByRole('button', { name: 'Next' }).click()
      const dialog = page.getByRole('dialog', { name: `${label}: CP-01` })
      await fill(dialog)
      await well(opened)
      await dialog.getByRole('button', { name: label }).click()
    }
    await work('Take out of service', async (dialog) => {
      expect(await dialog.getByLabel('EVSE').inputValue()).toBe('')
    })
    await page.getByText('CP-01 is out of service').waitFor()
    await work('Put back into service')
    await page.getByText('CP-01 is in service again').waitFor()
    expect((await garage.list('commands')).slice(0, 2)).toMatchObject([
      { name: 'availability', args: { operative: true }, outcome: 'accepted' },
      { name: 'availability', args: { operative: false }, outcome: 'accepted' },
    ])
    expect(opened.complaints).toEqual([])
    await opened.close()
  })

  test('tables are searched, filtered, and saved as files', async () => {
    const opened = await atTheSite()
    const { page } = opened
    const stays = block(page, 'Open stays')
    await stays.getByRole('searchbox').fill('bxy')
    await stays.getByRole('row').filter({ hasText: 'BWA1234' }).waitFor({ state: 'detached' })
    await stays.getByRole('row').filter({ hasText: 'BXY77' }).waitFor()
    await stays.getByRole('searchbox').fill('nobody')
    await stays.getByRole('button', { name: 'Show everything' }).click()
    await stays.getByRole('combobox', { name: 'All parkers' }).selectOption('member')
    await stays.getByRole('row').filter({ hasText: 'BXY77' }).waitFor({ state: 'detached' })

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      stays.getByRole('button', { name: 'CSV' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('baywatt-RING-open-stays-2026-03-10.csv')
    const text = await readFile((await download.path()) ?? '', 'utf8')
    expect(text.startsWith('\ufeff')).toBe(true)
    const [head, ...rows] = text.trim().split('\r\n')
    expect(head).toBe(
      'Car,Card or ticket,Parker,Entered,Lane,Parked for (minutes),Charging session id,Paid,Currency,Stay reference,Stay id',
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]).toContain(`BWA1234,${cards.ada},member,2026-03-10 14:50:03+01:00,E1,`)
    expect(rows[0]).toContain(',0.00,EUR,T-2,')
    expect(opened.complaints).toEqual([])
    await opened.close()
  })

  test('a bill says what parking and charging made of it, down to the receipt', async () => {
    await stations.get('CP-01')?.unplug(1)
    await garage.passes('exit', { plate: 'B-WA 1234', card: cards.ada, ref: 'T-2' })
    garage.clock.advance(60 * minute)
    await garage.settled()
    const opened = await atTheSite({}, '/bills')
    const { page } = opened
    const row = block(page, 'Bills').getByRole('row').filter({ hasText: 'BWA1234' })
    await row.waitFor()
    const stay = (await garage.list('stays', { plate: 'BWA1234' }))[0]
    const [bill] = await garage.list('bills', { stayId: stay.stayId })
    const euros = (minor: number) => `€${(minor / 100).toFixed(2)}`
    expect(await row.locator('td').allTextContents()).toEqual(
      expect.arrayContaining([
        expect.stringContaining(bill.number),
        '€0.35',
        euros(bill.taxMinor),
        euros(bill.totalMinor),
      ]),
    )
    const [receipt] = await Promise.all([opened.page.context().waitForEvent('page'), row.getByRole('link').click()])
    await receipt.getByText(bill.number).first().waitFor()
    expect(receipt.url()).toContain(`/bills/${bill.billId}/receipt`)
    expect(opened.complaints).toEqual([])
    await opened.close()
  })

  test('a hub that goes away is missed aloud, and found again by itself', async () => {
    const opened = await atTheSite()
    const { page } = opened
    opened.expect(/ERR_|^50\d/)
    await live(page)
    await says(page, 'A-5', /Parked/)
    await garage.down()
    await page.locator('.pill[data-state="away"]').waitFor()
    // What was known stays on the screen, with its age.
    await says(page, 'A-5', /Parked/)
    await page
      .getByText(/Shown as it was .* ago/)
      .first()
      .waitFor()
    await garage.up()
    await live(page)
    await garage.fact({ type: 'bay.changed', data: { bay: 'A-5', occupied: false } })
    await says(page, 'A-5', /Free/)
    expect(opened.complaints).toEqual([])
    await opened.close()
  })

  test('a key sees and does what it may, no more', async () => {
    const { key } = await garage.api('POST', 'api-keys', {
      name: 'Guard',
      scopes: ['sites:read', 'parking:read', 'chargers:read'],
      siteIds: [garage.siteId],
    })
    const opened = await visit(browser, garage.url)
    const { page } = opened
    await logIn(page, key)
    // One site only: there is nothing to choose.
    await page.getByRole('heading', { level: 1, name: 'Ring garage' }).waitFor()
    await page.locator('.pill[data-state="polling"]').waitFor()
    await says(page, 'A-3', /Fault/)
    expect(await page.getByRole('heading', { name: 'Revenue today' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: /^Stop charging/ }).count()).toBe(0)
    for (const view of ['Money', 'System']) {
      await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click()
      await page.getByText('This key does not reach these records.').first().waitFor()
      await well(opened)
    }
    await page.getByRole('button', { name: /^Log out/ }).click()
    await page.getByText('You are logged out.').waitFor()
    await page.reload()
    await page.getByLabel('API key').waitFor()
    expect(opened.complaints).toEqual([])
    await opened.close()
  })

  test('nothing of it was an error to the hub', () => {
    expect(garage.errors).toEqual([])
  })
})

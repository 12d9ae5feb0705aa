// Owns the proof of the page of one station: a real browser beside a station that really talks, each block with and without content.
// Must not reach into the page's scripts; it reads, clicks and types as people do.
import { readFile } from 'node:fs/promises'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { selfSigned } from '../services/certificates/certificate-bench.ts'
import { eventually } from '../setup/eventually.ts'
import { type SimulatedStation, simulatedStation } from '../sim/index.ts'
import { browserPath, launch, type Visit, visit } from './dashboard/browser.ts'
import { adminKey, type LiveGarage, liveGarage } from './dashboard/live-garage.ts'
import { pageFaults } from './dashboard/page-checks.ts'

const browserMissing = browserPath === undefined && process.env.BAYWATT_BROWSER_TESTS !== 'required'

const blocks = [
  'Commands',
  'Desired state',
  'What it told',
  'How it is dealt with',
  'Departures from the standard',
  'Certificates',
  'Security changes',
  'Logs',
  'Firmware it started with',
  'Frames',
]

describe.skipIf(browserMissing)('the page of a station', { timeout: 180_000 }, () => {
  let browser: Browser
  let garage: LiveGarage
  let station: SimulatedStation
  let stationId: string
  let quietId: string

  beforeAll(async () => {
    garage = await liveGarage()
    // From now on the hub knows its own port, which stands in the links that it gives to stations.
    await garage.down()
    await garage.up()
    await garage.furnish()
    const made = await garage.api('POST', 'stations', {
      siteId: garage.siteId,
      code: 'CP-07',
      defaultProtocol: 'ocpp2.0.1',
    })
    stationId = made.stationId
    quietId = (await garage.list('stations', { search: 'CP-01' }))[0].stationId
    station = simulatedStation({
      url: `${garage.url.replace('http', 'ws')}/ocpp`,
      code: 'CP-07',
      password: made.secret,
      version: 'ocpp2.0.1',
      clock: garage.clock,
      quirks: { timestamps: 'noZone' },
    })
    for (const key of ['OCPPCommCtrlr.HeartbeatInterval', 'OCPPCommCtrlr.NoSuchVariable']) {
      const item = { scope: 'station', stationId, kind: 'setting', key, value: { value: '300' } }
      await garage.api('POST', 'desired-items', item)
    }
    expect(await station.connect()).toBe('accepted')
    await security('FirmwareUpdated', 'signed by its maker')
    await garage.settled()
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await station?.disconnect()
    await garage?.close()
  })

  const security = (type: string, techInfo: string) =>
    station.call('SecurityEventNotification', { type, techInfo, timestamp: garage.clock.now().toISOString() })

  async function opened(path: string, { key = adminKey, ...options }: BrowserContextOptions & { key?: string } = {}) {
    const one = await visit(browser, `${garage.url}/sites/${garage.siteId}/stations${path}`, options)
    await one.page.getByLabel('API key').fill(key)
    await one.page.getByRole('button', { name: 'Log in' }).click()
    await one.page.getByRole('heading', { level: 1 }).waitFor()
    return one
  }

  const block = (page: Page, name: string) =>
    page.locator('section.block', { has: page.getByRole('heading', { level: 2, name, exact: false }) })
  const row = (page: Page, name: string, text: string | RegExp) =>
    block(page, name).getByRole('row').filter({ hasText: text }).first()

  /** Down to the last block, as each is read once it can be seen. */
  async function readThrough(page: Page): Promise<void> {
    for (const name of blocks) {
      await block(page, name).scrollIntoViewIfNeeded()
      await block(page, name).locator('[aria-busy]').waitFor({ state: 'detached' })
    }
  }

  async function well({ page, complaints }: Visit): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await pageFaults(page), `${page.url()} in ${colorScheme}`).toEqual([])
    }
    expect(complaints).toEqual([])
  }

  test('is opened by its name, and by its address', async () => {
    const one = await opened('')
    const { page } = one
    await block(page, 'Stations').getByRole('link', { name: 'CP-07' }).click()
    await page.getByRole('heading', { level: 2, name: 'CP-07' }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/sites/${garage.siteId}/stations/${stationId}`)
    expect(await page.title()).toMatch(/CP-07 · Stations/)
    const head = page.locator('.station-head')
    for (const text of ['Connected', 'Baywatt', 'Sim 2.0.1', '1.0.0', 'OCPP 2.0.1', '1, password', 'just now']) {
      await head.getByText(text).first().waitFor()
    }
    await page.reload()
    await page.getByRole('heading', { level: 2, name: 'CP-07' }).waitFor()
    await page.getByRole('link', { name: 'All stations' }).click()
    await row(page, 'Stations', 'CP-07').waitFor()
    await page.goBack()
    await page.getByRole('heading', { level: 2, name: 'CP-07' }).waitFor()
    expect(one.complaints).toEqual([])
    await one.close()
  })

  test('shows what passed and how things stand, readable by everybody', async () => {
    const one = await opened(`/${stationId}`)
    const { page } = one
    await readThrough(page)
    await row(page, 'Desired state', 'OCPPCommCtrlr.HeartbeatInterval').filter({ hasText: '300' }).waitFor()
    await row(page, 'Desired state', /NoSuchVariable.*Not supported/).waitFor()
    await row(page, 'What it told', /Security.*FirmwareUpdated · signed by its maker/).waitFor()
    await row(page, 'Departures from the standard', 'C1').waitFor()
    await row(page, 'Firmware it started with', /1\.0\.0.*the first one heard of/).waitFor()
    await row(page, 'Frames', 'BootNotification').waitFor()
    await block(page, 'Certificates').getByText('No certificate of this station is known.').waitFor()
    await well(one)
    await page.setViewportSize({ width: 390, height: 844 })
    await well(one)
    await one.close()
  })

  test('hears what happens while it is looked at', async () => {
    const one = await opened(`/${stationId}`)
    const { page } = one
    await page.locator('.pill[data-state="live"]').waitFor()
    await readThrough(page)
    await block(page, 'What it told').scrollIntoViewIfNeeded()
    await security('TamperDetectionActivated', 'the lid is open')
    await row(page, 'What it told', 'the lid is open').waitFor()
    await block(page, 'Desired state').getByRole('button', { name: 'Bring in line now' }).click()
    await page.getByText('CP-07 is being brought in line').waitFor()
    await block(page, 'Desired state').locator('[data-count="in_line"]').filter({ hasText: '1 in line' }).waitFor()
    expect(station.state.settings.get('OCPPCommCtrlr.HeartbeatInterval')?.value).toBe('300')
    expect(one.complaints).toEqual([])
    await one.close()
  })

  test('fetches its log, and what came of it is true', async () => {
    const one = await opened(`/${stationId}`)
    const { page } = one
    await block(page, 'Logs').scrollIntoViewIfNeeded()
    await block(page, 'Logs').getByText('It has sent no log to this hub yet.').waitFor()
    const fetchLog = async () => {
      await block(page, 'Logs').getByRole('button', { name: 'Fetch its log' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Fetch its log' }).click()
    }
    await fetchLog()
    await page.getByText('CP-07 has sent its log').waitFor()
    const link = block(page, 'Logs').getByRole('link')
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
    expect(await readFile((await download.path()) ?? '', 'utf8')).toContain('DiagnosticsLog of CP-07')
    await block(page, 'Commands').scrollIntoViewIfNeeded()
    await row(page, 'Commands', /Get log.*Answered.*Done.*this key/).waitFor()

    station.answers.GetLog = { status: 'Rejected' }
    await fetchLog()
    await page.locator('.notice').filter({ hasText: 'not done at CP-07' }).getByText('The station refused').waitFor()
    delete station.answers.GetLog
    await block(page, 'Commands').scrollIntoViewIfNeeded()
    await row(page, 'Commands', /Get log.*Refused/).waitFor()
    await well(one)
    await one.close()
  })

  test('shows the frames of one action, and hands all of them over', async () => {
    const one = await opened(`/${stationId}`)
    const { page } = one
    const frames = block(page, 'Frames')
    await frames.scrollIntoViewIfNeeded()
    await row(page, 'Frames', 'SecurityEventNotification').waitFor()
    await frames.getByRole('combobox').fill('BootNotification')
    await page.keyboard.press('Enter')
    await row(page, 'Frames', 'SecurityEventNotification').waitFor({ state: 'detached' })
    await row(page, 'Frames', /BootNotification.*Sim 2\.0\.1/).waitFor()
    await frames.getByRole('combobox').fill('NoSuchThing')
    await page.keyboard.press('Enter')
    await frames.getByText('No frame of the action “NoSuchThing”').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      frames.getByRole('link', { name: /^All/ }).click(),
    ])
    const lines = (await readFile((await download.path()) ?? '', 'utf8')).trim().split('\n')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'journal', station: 'CP-07' })
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'end', frames: lines.length - 2 })
    expect(one.complaints).toEqual([])
    await one.close()
  })

  test('a station that has never come says so in each block; what waits for it is withdrawn', async () => {
    const one = await opened(`/${quietId}`)
    const { page } = one
    await page.locator('.station-head').getByText('Offline').waitFor()
    await readThrough(page)
    for (const text of [
      'This station has not been told anything yet.',
      'Nothing is wanted of this station.',
      'It has told nothing of this kind yet.',
      'It is dealt with as the standard says.',
      'The station has not said yet what it is.',
      'No certificate of this station is known.',
      'Its password and its security profile have not been changed from here.',
      'It has sent no log to this hub yet.',
      'It has not said yet which firmware it has.',
      'No frame has passed yet',
    ]) {
      await page.getByText(text).waitFor()
    }
    await well(one)

    await block(page, 'Commands').scrollIntoViewIfNeeded()
    const { commandId } = await garage.api('POST', `stations/${quietId}/commands`, { name: 'clear_cache' })
    await row(page, 'Commands', /Clear cache.*Waits for the station/).waitFor()
    await row(page, 'Commands', 'Clear cache').getByRole('button', { name: 'Withdraw' }).click()
    await row(page, 'Commands', /Clear cache.*Withdrawn/).waitFor()
    await eventually(async () => (await garage.api('GET', `commands/${commandId}`)).state === 'cancelled', 'the end')
    expect(one.complaints).toEqual([])
    await one.close()
  })

  test('says until when its certificate is good, and what was done about its security', async () => {
    const [{ stationId: guarded }] = await garage.list('stations', { search: 'CP-02' })
    const one = await opened(`/${guarded}`)
    const { page } = one
    await page.locator('.pill[data-state="live"]').waitFor()
    await readThrough(page)
    await block(page, 'Certificates').scrollIntoViewIfNeeded()
    const { pem } = await selfSigned('CN=CP-02', { until: new Date('2026-03-30T13:00:00Z') })
    await garage.api('POST', `stations/${guarded}/certificates`, { pem })
    await row(page, 'Certificates', /Installed.*2026-03-30.*in (20|19) d/).waitFor()
    await garage.api('POST', `stations/${guarded}/security-changes`, { kind: 'password' })
    await page.reload()
    await readThrough(page)
    await row(page, 'Security changes', /New password.*(Asked for|Told to the station).*this key/).waitFor()
    await well(one)
    await one.close()
  })

  test('a key without the scope is told so, and sees nothing it may not', async () => {
    const keyOf = async (name: string, scopes: string[]) =>
      (await garage.api('POST', 'api-keys', { name, scopes, siteIds: [garage.siteId] })).key
    const parking = await opened(`/${stationId}`, { key: await keyOf('Gate', ['sites:read', 'parking:read']) })
    await parking.page.getByText('This key does not reach stations.').waitFor()
    await well(parking)
    await parking.close()

    const watching = await opened(`/${stationId}`, {
      key: await keyOf('Guard', ['sites:read', 'parking:read', 'chargers:read']),
    })
    await readThrough(watching.page)
    await watching.page.getByText('a key of single sites does not reach them').waitFor()
    for (const name of ['Bring in line now', 'Fetch its log', /^Withdraw/, /^Reset/]) {
      expect(await watching.page.getByRole('button', { name }).count()).toBe(0)
    }
    await well(watching)
    await watching.close()
  })

  test('an address without a station says so', async () => {
    const one = await visit(browser, 'about:blank')
    one.expect(/^404 .*\/stations\//)
    await one.page.goto(`${garage.url}/sites/${garage.siteId}/stations/0195f3b2-6c00-7000-8000-0a1b2c3d4e5f`)
    await one.page.getByLabel('API key').fill(adminKey)
    await one.page.getByRole('button', { name: 'Log in' }).click()
    await one.page.getByText('There is no station at this address.').waitFor()
    await well(one)
    await one.close()
  })

  test('nothing of it was an error to the hub', () => {
    expect(garage.errors).toEqual([])
  })
})

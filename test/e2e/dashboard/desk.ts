// Owns what tests of the pages about money do over and over: log in, find a part of the page, answer a dialog, look whether all is well.
// Must not know what a page shows.
import type { Browser, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { type Visit, visit } from './browser.ts'
import type { LiveGarage } from './live-garage.ts'
import { pageFaults } from './page-checks.ts'

export const block = (page: Page, name: string): Locator => page.getByRole('region', { name })
export const panel = (page: Page): Locator => page.locator('aside.panel')
export const phone = (page: Page): Promise<void> => page.setViewportSize({ width: 390, height: 844 })
export const moneyTab = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: 'Money' }).getByRole('link', { name, exact: true })

export async function enter(browser: Browser, { url, siteId }: LiveGarage, view: string, key: string): Promise<Visit> {
  const opened = await visit(browser, `${url}/sites/${siteId}/${view}`)
  await opened.page.getByLabel('API key').fill(key)
  await opened.page.getByRole('button', { name: 'Log in' }).click()
  await opened.page.getByRole('navigation', { name: 'Money' }).waitFor()
  return opened
}

/** Fills the dialog that is open and presses its button. */
export async function answer(page: Page, action: string, fields: Record<string, string> = {}): Promise<void> {
  const dialog = page.locator('dialog')
  for (const [label, value] of Object.entries(fields)) {
    const field = dialog.getByLabel(label, { exact: true })
    // Counting does not wait for the dialog to come up.
    await field.waitFor()
    const isChoice = (await field.and(page.locator('select')).count()) > 0
    await (isChoice ? field.selectOption(value) : field.fill(value))
  }
  await dialog.getByRole('button', { name: action, exact: true }).click()
}

/** Nothing wrong for people and nothing to complain for the browser, in both themes; pictures where they are asked for. */
export async function well({ page, complaints }: Visit, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    expect(await pageFaults(page), `${name} in ${colorScheme}`).toEqual([])
    const folder = process.env.BAYWATT_SCREENSHOTS
    const width = page.viewportSize()?.width
    if (folder) await page.screenshot({ path: `${folder}/work-${name}-${colorScheme}-${width}.png`, fullPage: true })
  }
  expect(complaints).toEqual([])
}

/** The text of the file that a click saves. */
export async function saved(page: Page, button: Locator): Promise<{ name: string; text: string }> {
  const [file] = await Promise.all([page.waitForEvent('download'), button.click()])
  const stream = await file.createReadStream()
  return { name: file.suggestedFilename(), text: Buffer.concat(await stream.toArray()).toString() }
}

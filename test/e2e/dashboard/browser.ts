// Owns the browser that the dashboard is tried in: found on this machine, started once, every complaint of a page kept.
// Must not download one; a machine without it says so.
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const places = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

export const browserPath = places.find((path) => path !== undefined && existsSync(path))

export function launch(): Promise<Browser> {
  if (browserPath === undefined) throw new Error('no Chromium here: apt-get install chromium, or set CHROMIUM_PATH')
  const quiet = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update']
  return chromium.launch({
    executablePath: browserPath,
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-sync', ...quiet],
  })
}

export interface Visit {
  page: Page
  /** Errors of scripts, of the console and of the content policy. */
  complaints: string[]
  /** Failed requests are complaints, unless they are meant to fail. */
  expect(pattern: RegExp): void
  close(): Promise<void>
}

export async function visit(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'America/New_York',
    viewport: { width: 1440, height: 900 },
    acceptDownloads: true,
    ...options,
  })
  const page = await context.newPage()
  // Generous: tests of others may be running beside these, and what no event tells is read anew each minute.
  page.setDefaultTimeout(90_000)
  const complaints: string[] = []
  // Before anybody has logged in, asking who one is is answered with 401, and browsers write that down.
  const expected = [/401 .*\/api\/v1\/session$/]
  page.on('pageerror', (error) => complaints.push(String(error.stack ?? error)))
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    const said = `${/status of (\d+)/.exec(message.text())?.[1] ?? message.text()} ${message.location().url}`
    if (!expected.some((pattern) => pattern.test(said))) complaints.push(said)
  })
  await page.exposeFunction('policyBroken', (what: string) => complaints.push(`content policy: ${what}`))
  // Text, not a function: it runs in the page, whose types are not ours.
  await page.addInitScript(
    `addEventListener('securitypolicyviolation', (event) => policyBroken(event.violatedDirective + ' ' + event.blockedURI))`,
  )
  await page.goto(address)
  return { page, complaints, expect: (pattern) => expected.push(pattern), close: () => context.close() }
}

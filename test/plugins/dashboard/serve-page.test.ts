// Owns the proof of how the dashboard's files are served: which addresses there are, what protects them, and how they are kept.
import { expect, test } from 'vitest'
import { readAssets } from '../../../plugins/dashboard/read-assets.ts'
import { servePage } from '../../../plugins/dashboard/serve-page.ts'

const assets = await readAssets(new URL('../../../plugins/dashboard/assets/', import.meta.url))
const fetch = servePage(assets)
const get = (path: string, init?: RequestInit) => fetch(new Request(`http://hub.example${path}`, init))
const site = '/sites/0195f3b2-6c00-7000-8000-0a1b2c3d4e5f'
const station = '/stations/0195f3b2-6c00-7000-8000-0a1b2c3d4e60'
const tariff = '/tariffs/0195f3b2-6c00-7000-8000-0a1b2c3d4e61'

test.each([
  '/',
  site,
  `${site}/links`,
  `${site}/stations`,
  `${site}${station}`,
  `${site}/bills`,
  `${site}/tariffs`,
  `${site}${tariff}`,
  `${site}/payments`,
  `${site}/disputes`,
  `${site}/invoices`,
  `${site}/memberships`,
  `${site}/partners`,
  `${site}/reconciliation`,
  `${site}/reports`,
  `${site}/periods`,
  `${site}/exports`,
  `${site}/system`,
])('%s is the page', async (path) => {
  const answer = await get(path)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(await answer.text()).toContain('/dashboard/main.js')
})

test.each([
  '/nowhere',
  '/sites/1',
  `${site}/nowhere`,
  `${site}/links/x`,
  `${site}/tariffs/x`,
  `${site}/bills/${tariff.slice(9)}`,
  `${site}/stations/x`,
  `${site}${station}/x`,
  station,
  '/dashboard/',
  '/dashboard/index.html',
  '/dashboard/../index.ts',
  '/index.html',
])('%s is nothing', async (path) => {
  expect((await get(path)).status).toBe(404)
})

test('whatever the page names is there, with its type', async () => {
  const texts = [...assets].map(([name, { bytes }]) => [name, new TextDecoder().decode(bytes)] as const)
  const named = texts.flatMap(([name, text]) =>
    name.endsWith('.js')
      ? [...text.matchAll(/from '\.\/([^']+)'/g)].map(([, file]) => `/dashboard/${file}`)
      : [...text.matchAll(/"(\/dashboard\/[^"]+)"/g)].map(([, path]) => path ?? ''),
  )
  expect(named.length).toBeGreaterThan(40)
  for (const path of new Set(named)) {
    const answer = await get(path)
    expect([path, answer.status]).toEqual([path, 200])
    expect(answer.headers.get('content-type')).toMatch(/javascript|css|svg|manifest/)
  }
})

test('nothing comes from elsewhere and nothing stands inline', async () => {
  const answer = await get('/')
  const policy = answer.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|https?:|\*/)
  const html = await answer.text()
  expect(html).not.toMatch(/<style|style=|<script>|\son\w+=|https?:\/\//)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
})

test('a file that a browser has is not sent again, and HEAD sends none', async () => {
  const first = await get('/dashboard/main.js')
  expect(first.headers.get('cache-control')).toBe('no-cache')
  const etag = first.headers.get('etag') ?? ''
  const again = await get('/dashboard/main.js', { headers: { 'If-None-Match': etag } })
  expect([again.status, await again.text()]).toEqual([304, ''])
  expect((await get('/dashboard/main.js', { headers: { 'If-None-Match': '"other"' } })).status).toBe(200)
  const head = await get('/', { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

// Owns the proof that a hub killed between two pages of a vendor's list asks from the same place again and has everything once.
// Must not look into the hub's tables; its API tells what it has, and the vendor what it was asked.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { someProfile } from '../../adapters/parcs-template/some-profile.ts'
import { type SimulatedVendor, simulatedVendor } from '../../sim/parcs-template/vendor.ts'
import { type LiveHub, liveHub } from '../live-hub.ts'

const pageSize = 10
const overlapMs = 60_000
let hub: LiveHub
let vendor: SimulatedVendor
beforeAll(async () => {
  hub = await liveHub()
  vendor = await simulatedVendor('none')
}, 300_000)
afterAll(async () => {
  await hub?.stop()
  await vendor?.close()
})

/** Cars that came one a minute, the last one so many minutes ago. */
const cars = (from: number, count: number, minutesAgo: number) =>
  Array.from({ length: count }, (_, i) => {
    const at = new Date(Date.now() - (minutesAgo + count - i) * 60_000).toISOString()
    const n = String(from + i).padStart(4, '0')
    return { id: `m${n}`, kind: 'IN', at, changedAt: at, ticket: `T-${n}`, gate: 'IN', plate: `B-AY ${n}` }
  })
const asked = () =>
  vendor.asked.flatMap((line) => {
    const { pathname, searchParams } = new URL(line.replace('GET ', ''), vendor.url)
    const [since, page] = [searchParams.get('since') ?? '', Number(searchParams.get('page'))]
    return pathname === '/v1/movements' ? [{ since: Date.parse(since), page }] : []
  })

/** Kills the hub when it asks for this page, which gets no answer, and starts it; what it asks then is what counts. */
async function killAtPage(page: number): Promise<void> {
  const killed = new Promise<void>((resolve, reject) => {
    vendor.answer = (_request, _response, url) => {
      if (url.searchParams.get('page') !== String(page)) return false
      vendor.answer = undefined
      hub.process.kill('SIGKILL').then(() => resolve(), reject)
      return true
    }
  })
  await killed
  vendor.asked.length = 0
  await hub.process.start()
  await hub.until('the first look', async () => asked().length > 0)
}

test('a list goes on from where it was kept, whichever page the hub was killed at', async () => {
  const { siteId } = hub.garage
  const [movements] = someProfile.polls
  const list = {
    ...movements,
    request: { ...movements?.request, query: { size: String(pageSize) } },
    paging: { kind: 'page', param: 'page', size: pageSize },
  }
  const { webhooks: _, actions: __, ...rest } = someProfile
  vendor.movements = cars(0, 45, 30)
  await hub.call('POST', 'connections', {
    pluginId: 'parcs-template',
    siteId,
    name: 'Gates',
    config: { document: { ...rest, polls: [list] }, baseUrl: vendor.url },
  })
  const told = async () => {
    const [stays, movements] = await Promise.all([
      hub.all(`stays?siteId=${siteId}`),
      hub.all(`movements?siteId=${siteId}`),
    ])
    return [stays.map(({ plate }) => plate).sort(), movements.map(({ plate }) => plate).sort()]
  }
  const everyCar = () => {
    const plates = vendor.movements.map(({ plate }) => String(plate).replaceAll(/[ -]/g, '')).sort()
    return [plates, plates]
  }
  const newest = () => Math.max(...vendor.movements.map(({ changedAt }) => Date.parse(String(changedAt))))
  await hub.until('all cars', async () => (await told())[0]?.length === 45)
  const place = newest() - overlapMs
  vendor.movements = [...vendor.movements, ...cars(100, 25, 1)]
  await killAtPage(3)
  // Two pages were stored before the kill and none of them moved the place: a later one may hold what is older.
  expect(asked().find(({ page }) => page === 1)?.since).toBe(place)
  await hub.until('all cars', async () => (await told())[0]?.length === 70)
  expect(await told()).toEqual(everyCar())
}, 600_000)

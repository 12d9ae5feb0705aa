// Owns recipes 5 to 7, 11 and 12: cameras and account systems of vendors, each over its own sockets or files into a whole hub.
// Must not look into the hub; its API and the vendors' simulators tell what they have.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bytesOf, type Fixture, fixtures } from '../adapters/lpr/fixture.ts'
import { eventually } from '../setup/eventually.ts'
import { flashLocation, flashToken, openFlash } from '../sim/flash/monthly-api.ts'
import { accepted, dahuaIsContent, emptyDigest, post, postUntil } from '../sim/lpr/camera.ts'
import { enrol, type RecipeGarage, type RecipeHub, recipeHub } from './recipe-hub.ts'

const secret = 'a-secret-of-the-gate'
const drops = mkdtempSync(join(tmpdir(), 'baywatt-amano-'))
let hub: RecipeHub
beforeAll(async () => {
  hub = await recipeHub()
}, 300_000)
afterAll(async () => {
  await hub.stop()
  rmSync(drops, { recursive: true, force: true })
})

/** A fixture as it would be sent now, with some of its text replaced. */
function message(vendor: string, name: string, replaced: readonly (readonly [RegExp, string])[] = []) {
  const found = fixtures.find((each) => each.vendor === vendor && each.name === name)
  if (!found) throw new Error(`no fixture ${vendor}/${name}`)
  const written = replaced.reduce((text, [from, to]) => text.replace(from, to), JSON.stringify(found))
  return bytesOf(JSON.parse(written) as Fixture)
}

/** The camera stands at the entry of a garage without gates. */
async function atEntry(garage: RecipeGarage, connectionId: string, name: string): Promise<void> {
  const { siteId } = garage
  const laneId = (await hub.items(`lanes?siteId=${siteId}`)).find(({ direction }) => direction === 'entry')?.laneId
  const place = { role: 'entry', laneId, passage: 'passes' }
  await hub.call('POST', 'readers', { siteId, connectionId, name, kind: 'plate', ...place })
}
const reports = async (garage: RecipeGarage) =>
  (await hub.items('reader-reports?limit=200')).filter(({ siteId }) => siteId === garage.siteId)

test('5. Hikvision: pictures without a type, a foreign prefix, a decimal score, no plate and an XML bomb: one car, one stay', async () => {
  const garage = await hub.garage()
  const { connectionId, url: base } = await garage.connect('lpr-hikvision', { proof: 'key' }, { inbound: secret })
  await atEntry(garage, connectionId, 'aa:bb:cc:00:11:22/1')
  const url = `${base}/key/${secret}`
  const decimal = [[/<confidenceLevel>92</, '<confidenceLevel>92.5<']] as const
  expect(await postUntil({ url, ...message('hikvision', 'multipart', decimal) }, accepted)).toBe(1)
  // The recorder relays the same event under its own namespace.
  expect(await postUntil({ url, ...message('hikvision', 'recorder-prefix', decimal) }, accepted)).toBe(1)
  expect(await postUntil({ url, ...message('hikvision', 'unknown-plate') }, accepted)).toBe(1)
  const bomb = await post({ url, ...message('hikvision', 'entity-bomb') })
  expect(bomb).toMatchObject({ status: 400 })
  expect(JSON.parse(bomb.body).errors[0].message).toContain('document type declaration')
  await hub.idle()
  expect(await reports(garage)).toMatchObject([{ plate: 'MUC1234', data: { confidence: 0.925 }, images: [{}, {}] }])
  expect(await garage.stays()).toMatchObject([{ plate: 'MUC1234', state: 'open', entryLane: 'entry' }])
}, 120_000)

test('6. Dahua: an empty digest is let in, and a storm of the same push is one car, also after a restart', async () => {
  const garage = await hub.garage()
  const { connectionId, url: base } = await garage.connect(
    'lpr-dahua',
    { zone: 'Europe/Berlin', user: 'gate' },
    { inbound: secret },
  )
  await atEntry(garage, connectionId, 'DH-77')
  const url = `${base}/NotificationInfo/TollgateInfo`
  const push = { url, ...message('dahua', 'tollgate') }
  const known = { ...push, headers: { authorization: emptyDigest(url, 'gate', secret) } }
  const stranger = { ...push, headers: { authorization: emptyDigest(url, 'gate', 'another-secret') } }
  expect((await post(stranger)).status).toBe(401)
  const replies = await Promise.all(Array.from({ length: 100 }, () => post(known)))
  expect(replies.every(dahuaIsContent)).toBe(true)
  const connection = `connections/${connectionId}`
  await hub.call('POST', `${connection}/disable`)
  await hub.call('POST', `${connection}/enable`)
  await eventually(async () => (await hub.call('GET', connection)).state === 'running', 'the camera line')
  expect(await postUntil(known, dahuaIsContent)).toBe(1)
  expect(await garage.stays()).toMatchObject([{ plate: 'BIAB1234', state: 'open' }])
  expect(await reports(garage)).toHaveLength(1)
}, 120_000)

test('7. Rekor: a group after its single results is one arrival, and the true plate at rank 2 finds the charge of its owner', async () => {
  const garage = await hub.garage()
  const config = { singleResults: true, homeCountry: 'US', proof: 'key' }
  const { connectionId, url: base } = await garage.connect('lpr-rekor', config, { inbound: secret })
  await atEntry(garage, connectionId, '417')
  const url = `${base}/key/${secret}`
  const { station, goTo } = await garage.station()
  const shift = Date.now() - 5 * 3_600_000 - 1_773_043_200_000
  const now = ['single', 'group-corrects-singles', 'single'].map((name) => {
    const sent = message('rekor', name)
    const text = Buffer.from(sent.bytes).toString('utf8')
    const moved = text.replace(/17730432\d{5}/g, (digits) => String(Number(digits) + shift))
    return { url, ...sent, bytes: Buffer.from(moved) }
  })
  for (const each of now) expect(await postUntil(each, accepted)).toBe(1)
  const [stay, ...others] = await garage.stays()
  expect(others).toEqual([])
  expect(stay).toMatchObject({ plate: 'W0B8S1', state: 'open' })

  const card = '04E70000000701'
  const { accountId } = await enrol(hub, card)
  await hub.call('POST', 'vehicles', { accountId, plate: 'WOB8S1', plateCountry: 'US' })
  goTo(70)
  await station.plug(1)
  expect(await station.presentCard(1, { value: card, type: 'ISO14443' })).toBe('Accepted')
  goTo(100)
  await station.stopLocally(1)
  await station.unplug(1)
  const [session] = await garage.sessions()
  expect(session).toMatchObject({ accountId })
  expect(await garage.links()).toMatchObject([
    { stayId: stay.stayId, sessionId: session.sessionId, state: 'linked', method: 'plate-fuzzy', decidedBy: 'hub' },
  ])
}, 120_000)

test('11. Flash: an account that was deleted comes back under a new number, and a token of another garage makes none', async () => {
  const flash = await openFlash()
  try {
    const garage = await hub.garage()
    const { credentialId } = await enrol(hub, '04F10000001101', { parkerKind: 'contract' })
    const config = { baseUrl: flash.url, locationId: flashLocation, removal: 'cancel' }
    const { connectionId } = await garage.connect('flash', config, { securityToken: flashToken })
    await hub.call('PUT', `connections/${connectionId}/preload`, { mode: 'all' })
    const number = (times: number) => `BW-${credentialId.replaceAll('-', '')}-${times}`
    await eventually(() => flash.accounts.get(number(1))?.deleted === false, 'the account', 60_000)
    const change = async (status: string) => hub.change(`credentials/${credentialId}`, { status })
    await change('blocked')
    await eventually(() => flash.accounts.get(number(1))?.deleted === true, 'its end', 60_000)
    await change('active')
    await eventually(() => flash.accounts.get(number(2))?.deleted === false, 'the account under a new number', 60_000)
    expect(flash.accounts.get(number(1))?.deleted).toBe(true)

    const held = flash.accounts.size
    const elsewhere = { ...config, locationId: '00000000-0000-4000-8000-000000000001' }
    const wrong = await garage.connect('flash', elsewhere, { securityToken: flashToken })
    await hub.call('PUT', `connections/${wrong.connectionId}/preload`, { mode: 'all' })
    await eventually(async () => {
      const actions = await hub.items(`parking-actions?connectionId=${wrong.connectionId}`)
      return actions.some(({ reason }) => String(reason).includes('token of its own'))
    }, 'the refusal')
    expect(flash.accounts.size).toBe(held)
  } finally {
    await flash.close()
  }
}, 180_000)

test('12. Amano iParc: a name with comma and quotes breaks no row, and a barcode of 16 characters is refused', async () => {
  const garage = await hub.garage()
  const place = mkdtempSync(join(drops, 'lot-'))
  const out = { template: 'amano-iparc', lotId: '12', actions: ['credential.put', 'credential.remove'] }
  const config = { source: 'folder', folder: place, out }
  // The owner of the machine gives the folder to this connection.
  const give = (id: string) => writeFileSync(join(place, '.baywatt-drop'), id)
  const { connectionId } = await garage.connect('parcs-files', config, {}, give)
  const put = async (name: string, value: string) => {
    const { accountId } = await hub.call('POST', 'accounts', { name, kind: 'person', parkerKind: 'contract' })
    const presentations = [{ value }]
    const made = await hub.call('POST', 'credentials', {
      kind: 'qr',
      accountId,
      siteIds: [garage.siteId],
      presentations,
    })
    return made.credentialId
  }
  await put('Doe, Jane "JD"', 'A12345678901234')
  const long = await put('Long', 'A123456789012345')
  await hub.call('PUT', `connections/${connectionId}/preload`, { mode: 'all' })
  const rows = () =>
    readdirSync(place, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.startsWith('out/') && name.endsWith('.csv'))
      .map((name) => readFileSync(join(place, name), 'latin1'))
  await eventually(() => rows().length > 0, 'the file', 60_000)
  await hub.idle()
  expect(rows()).toEqual([expect.stringMatching(/^A12345678901234,12,1,\d{8}_\d{4},-1,1,,,,"Jane ""JD""","Doe"\r\n$/)])
  const actions = await hub.items(`parking-actions?connectionId=${connectionId}&limit=200`)
  expect(actions.find(({ subjectKey }) => subjectKey === long)).toMatchObject({
    state: 'refused',
    reason: expect.stringContaining('at most 15'),
  })
}, 120_000)

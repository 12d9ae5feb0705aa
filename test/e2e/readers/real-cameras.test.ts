// Owns the proof that what two makes of camera send becomes stays with their pictures, through the hub's own doors.
// Must not repeat what each vendor can write; test/adapters/lpr does.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { post } from '../../sim/lpr/camera.ts'
import { multipartBody } from '../../sim/lpr/multipart-body.ts'
import { openReaderHub, type ReaderHub } from './open-hub.ts'

let opened: ReaderHub
const secret = 'a-secret-of-the-gate'
const connections: Record<string, string> = {}

beforeAll(async () => {
  opened = await openReaderHub()
  for (const vendor of ['hikvision', 'plate-recognizer']) {
    const body = {
      pluginId: `lpr-${vendor}`,
      siteId: opened.siteId,
      name: vendor,
      config: { proof: 'key' },
      secrets: { inbound: secret },
    }
    connections[vendor] = (await opened.call('POST', 'connections', body)).connectionId
  }
  await opened.hub.host.settled()
})
afterAll(() => opened?.close())

const jpeg = (...more: number[]) => Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, ...more])
const sent = (vendor: string, body: { bytes: Uint8Array; contentType: string }, as: string) =>
  post({ url: `${opened.hub.url}/in/${connections[vendor]}/key/${secret}/as/${as}`, ...body })

function alert(plate: string, uuid: string, at: string) {
  const text = `<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><ipAddress>10.0.0.5</ipAddress>
<macAddress>aa:bb:cc:00:11:22</macAddress><channelID>1</channelID><dateTime>${at}</dateTime><activePostCount>1</activePostCount>
<eventType>ANPR</eventType><eventState>active</eventState><channelName>Entry</channelName>
<ANPR><country>3</country><licensePlate>${plate}</licensePlate><line>1</line><direction>forward</direction>
<confidenceLevel>92</confidenceLevel></ANPR><UUID>${uuid}</UUID><picNum>1</picNum></EventNotificationAlert>`
  return multipartBody([
    { name: 'anpr.xml', contentType: 'text/xml', body: text },
    { filename: 'licensePlatePicture.jpg', contentType: 'application/octet-stream', body: jpeg(1, 2, 3) },
  ])
}

const seen = (plate: string, timestamp: string) => ({
  contentType: 'application/json',
  bytes: Buffer.from(
    JSON.stringify({
      hook: { event: 'recognition' },
      data: { camera_id: 'exit', timestamp, results: [{ plate, score: 0.91 }] },
    }),
  ),
})

test('Hikvision at the entry, Plate Recognizer at the exit: one stay with its picture', async () => {
  const first = alert('MUC1234', 'u-1', '2026-03-10T08:30:00+01:00')
  expect(await sent('hikvision', first, 'IN')).toMatchObject({ status: 200 })
  const { items } = await opened.call('GET', 'readers?bound=false')
  expect(items).toMatchObject([{ name: 'IN', role: null, kind: 'plate' }])
  await opened.call('PATCH', `readers/${items[0].readerId}`, {
    role: 'entry',
    laneId: opened.lanes.entry,
    passage: 'passes',
  })
  await opened.hub.idle()
  await opened.place('OUT', {
    connectionId: connections['plate-recognizer'],
    kind: 'plate',
    role: 'exit',
    laneId: opened.lanes.exit,
    passage: 'passes',
    staysConnectionId: connections.hikvision,
  })
  expect(await opened.stays('MUC1234')).toMatchObject([
    { state: 'open', enteredAt: '2026-03-10T07:30:00.000Z', presentations: [{ country: 'DE', confidence: 0.92 }] },
  ])
  const [report] = (await opened.call('GET', 'reader-reports?plate=MUC1234')).items
  expect(report).toMatchObject({
    state: 'stored',
    images: [{ number: 1, kind: 'plate', contentType: 'image/jpeg', kept: true }],
  })
  const picture = await fetch(`${opened.hub.url}/api/v1/reader-reports/${report.reportId}/images/1`, {
    headers: { Authorization: `Bearer ${opened.key}` },
  })
  expect([...new Uint8Array(await picture.arrayBuffer())]).toEqual([...jpeg(1, 2, 3)])

  expect(await sent('plate-recognizer', seen('muc1234', '2026-03-10T07:55:00.000000Z'), 'OUT')).toMatchObject({
    status: 200,
  })
  expect(await opened.stays('MUC1234')).toMatchObject([{ state: 'closed', exitedAt: '2026-03-10T07:55:00.000Z' }])
})

test('what a camera repeats is one report; while its connection stands still it is told to keep the read', async () => {
  const again = alert('HHU77', 'u-2', '2026-03-10T08:40:00+01:00')
  for (let i = 0; i < 3; i++) expect((await sent('hikvision', again, 'IN')).status).toBe(200)
  expect((await opened.call('GET', 'reader-reports?plate=HHU77')).items).toHaveLength(1)

  await opened.call('POST', `connections/${connections.hikvision}/disable`)
  await opened.hub.host.settled()
  const late = alert('KBA9', 'u-3', '2026-03-10T08:45:00+01:00')
  expect((await sent('hikvision', late, 'IN')).status).toBeGreaterThanOrEqual(400)
  expect((await opened.call('GET', 'reader-reports?plate=KBA9')).items).toEqual([])
  await opened.call('POST', `connections/${connections.hikvision}/enable`)
  await opened.hub.host.settled()
  expect((await sent('hikvision', late, 'IN')).status).toBe(200)
  expect((await sent('hikvision', late, 'IN')).status).toBe(200)
  expect(await opened.stays('KBA9')).toMatchObject([{ state: 'open', enteredAt: '2026-03-10T07:45:00.000Z' }])
})

test('a stranger, and a body that is none, leave nothing behind', async () => {
  const body = alert('NOPE1', 'u-4', '2026-03-10T08:50:00+01:00')
  const stranger = await post({ url: `${opened.hub.url}/in/${connections.hikvision}/key/wrong-secret/as/IN`, ...body })
  expect(stranger).toMatchObject({ status: 401, headers: { 'content-type': 'application/problem+json' } })
  const broken = await sent(
    'hikvision',
    { bytes: Buffer.from('<EventNotificationAlert><ANPR>'), contentType: 'text/xml' },
    'IN',
  )
  expect([broken.status, JSON.parse(broken.body).code]).toEqual([400, 'message_unreadable'])
  expect((await opened.call('GET', 'reader-reports?plate=NOPE1')).items).toEqual([])
})

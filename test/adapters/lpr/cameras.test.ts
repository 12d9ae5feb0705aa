// Owns the proof that cameras get along with the hub: each proves itself, repeats until it is content, and loses nothing.
// Must not test how payloads are read; fixtures.test.ts does.
import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import {
  accepted,
  dahuaIsContent,
  emptyDigest,
  type Post,
  post,
  postUntil,
  postWithDigest,
} from '../../sim/lpr/camera.ts'
import { multipartBody } from '../../sim/lpr/multipart-body.ts'
import { bytesOf, fixtures } from './fixture.ts'
import { type Line, openLine, secret } from './line.ts'

let line: Line
afterEach(() => line.stop())

function message(vendor: string, name: string, behind = ''): Post {
  const found = fixtures.find((each) => each.vendor === vendor && each.name === name)
  if (!found) throw new Error(`no fixture ${vendor}/${name}`)
  return { url: `${line.url}${behind}`, ...bytesOf(found) }
}

const plates = () => line.tester.reports.map((report) => (report.type === 'plate' ? report.plate : report.type))

describe('a Dahua camera', () => {
  const behind = 'NotificationInfo/TollgateInfo'
  const withDigest = (password: string, user = 'gate') => {
    const sent = message('dahua', 'tollgate', behind)
    return { ...sent, headers: { authorization: emptyDigest(sent.url, user, password) } }
  }

  test('is let in with its empty digest, and is content with the answer', async () => {
    line = await openLine('dahua', { zone: 'Europe/Berlin', user: 'gate' })
    expect(await postUntil(withDigest(secret), dahuaIsContent)).toBe(1)
    expect(plates()).toEqual(['BIAB1234'])
  })

  test('is not let in with an empty digest of another password, user or address', async () => {
    line = await openLine('dahua', { zone: 'Europe/Berlin', user: 'gate' })
    expect((await post(withDigest('another-secret'))).status).toBe(401)
    expect((await post(withDigest(secret, 'stranger'))).status).toBe(401)
    const elsewhere = { ...withDigest(secret), url: `${line.url}NotificationInfo/KeepAlive` }
    expect((await post(elsewhere)).status).toBe(401)
    expect(plates()).toEqual([])
  })

  test('is asked to wait while the hub cannot store, repeats, and is heard once', async () => {
    line = await openLine('dahua', { zone: 'Europe/Berlin', user: 'gate' })
    line.tester.failSink(3)
    expect(await postUntil(withDigest(secret), dahuaIsContent)).toBe(4)
    expect(plates()).toEqual(['BIAB1234'])
  })

  test('may storm: a hundred copies at once reach the store once, later ones are known there', async () => {
    line = await openLine('dahua', { zone: 'Europe/Berlin', user: 'gate' })
    const replies = await Promise.all(Array.from({ length: 100 }, () => post(withDigest(secret))))
    expect(replies.every(dahuaIsContent)).toBe(true)
    expect(line.tester.recorded).toBe(1)
    line.tester.clock.advance(60_000)
    expect(dahuaIsContent(await post(withDigest(secret)))).toBe(true)
    expect(line.tester.recorded).toBe(2)
    expect(plates()).toEqual(['BIAB1234'])
  })

  test('hears a yes for what nobody can read, so that the cars behind it get through', async () => {
    line = await openLine('dahua', { zone: 'Europe/Berlin', proof: 'key' })
    const url = `${line.url}key/${secret}/${behind}`
    expect(
      dahuaIsContent(await post({ url, bytes: Buffer.from('{"Picture": '), contentType: 'application/json' })),
    ).toBe(true)
    expect(await line.tester.health()).toMatchObject({ state: 'degraded' })
    expect(dahuaIsContent(await post(message('dahua', 'tollgate', `key/${secret}/${behind}`)))).toBe(true)
    expect(await line.tester.health()).toEqual({ state: 'ok' })
    expect(plates()).toEqual(['BIAB1234'])
  })
})

describe('a Hikvision camera', () => {
  test.each(['MD5', 'SHA-256'] as const)('proves itself by digest with %s', async (algorithm) => {
    line = await openLine('hikvision')
    const sent = message('hikvision', 'multipart')
    expect((await postWithDigest(sent, 'baywatt', 'wrong-password', algorithm)).status).toBe(401)
    expect((await postWithDigest(sent, 'baywatt', secret, algorithm)).status).toBe(200)
    expect(plates()).toEqual(['MUC1234'])
  })

  test('gets a new nonce for an old one, and nothing for an empty one', async () => {
    line = await openLine('hikvision')
    const sent = message('hikvision', 'alert')
    const empty = { ...sent, headers: { authorization: emptyDigest(sent.url, 'baywatt', secret) } }
    expect((await post(empty)).status).toBe(401)
    const challenge = String((await post(sent)).headers['www-authenticate'])
    const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? ''
    line.tester.clock.advance(3_600_000)
    const again = String((await post({ ...sent, headers: { authorization: challenge } })).headers['www-authenticate'])
    expect(again).not.toContain(nonce)
    expect((await postWithDigest(sent, 'baywatt', secret)).status).toBe(200)
  })

  test('sends the plate first and the record later: the second is the higher revision of the first', async () => {
    line = await openLine('hikvision', { proof: 'key' })
    const behind = `key/${secret}`
    for (const name of ['plate-first', 'alert', 'plate-first'])
      expect(await postUntil(message('hikvision', name, behind), accepted)).toBe(1)
    expect(line.tester.reports.map(({ id, revision }) => [id, revision])).toEqual([
      ['u-1', 1],
      ['u-1', 2],
    ])
  })

  test('is alive by what is no plate', async () => {
    line = await openLine('hikvision', { proof: 'key' })
    await post(message('hikvision', 'motion', `key/${secret}`))
    line.tester.clock.advance(10_000)
    await post(message('hikvision', 'motion', `key/${secret}`))
    expect([...line.tester.alive]).toEqual([['aa:bb:cc:00:11:22/1', line.tester.clock.now()]])
  })
})

describe('a Rekor agent', () => {
  test('tells single results, then the group: one read in the end, the true plate among its candidates', async () => {
    line = await openLine('rekor', { singleResults: true, homeCountry: 'US' })
    for (const name of ['single', 'group-corrects-singles', 'single'])
      expect((await post(message('rekor', name, `key/${secret}`))).status).toBe(200)
    const last = line.tester.reports.filter(({ id }) => id === 'garage-cam1-1773043201250').at(-1)
    expect(last).toMatchObject({ revision: 2, plate: 'W0B8S1', candidates: [{ plate: 'WOB8S1' }, { plate: 'W0B8S' }] })
  })
})

describe('a camera proves itself', () => {
  const sent = () => message('verkada', 'lpr')

  test('with the secret in its address, escaped or not, and with nothing less', async () => {
    line = await openLine('verkada', {}, { secrets: { inbound: 'mit ümlaut/und mehr' } })
    const to = (key: string) => ({ ...sent(), url: `${line.url}key/${key}/as/gate` })
    expect((await post(to(encodeURIComponent('mit ümlaut/und mehr')))).status).toBe(200)
    for (const key of ['', 'x', '%', '%E0%A4%A'])
      expect((await post({ ...to(key), bytes: Buffer.from('{}') })).status).toBe(401)
    expect((await post(sent())).status).toBe(401)
    expect(line.tester.reports).toMatchObject([{ reader: 'gate' }])
  })

  test('with a token in a header of its own', async () => {
    line = await openLine('verkada', { proof: 'header', header: 'X-Token' })
    expect((await post({ ...sent(), headers: { 'x-token': `Token ${secret}` } })).status).toBe(200)
    expect((await post({ ...sent(), headers: { 'x-token': `${secret}x` } })).status).toBe(401)
  })

  test('with a bearer token', async () => {
    line = await openLine('verkada', { proof: 'bearer' })
    expect((await post({ ...sent(), headers: { authorization: `Bearer ${secret}` } })).status).toBe(200)
    const refused = await post(sent())
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer realm="baywatt"'])
  })

  test('with user and password', async () => {
    line = await openLine('tattile', { proof: 'basic', user: 'cam', zone: 'Europe/Madrid' })
    const basic = (pair: string) => ({
      ...message('tattile', 'read'),
      headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
    })
    expect((await post(basic(`cam:${secret}`))).status).toBe(200)
    expect((await post(basic(`cam:${secret}1`))).status).toBe(401)
    expect((await post(basic(`mac:${secret}`))).status).toBe(401)
  })

  test('with a signature of the body', async () => {
    line = await openLine('generic', { proof: 'hmac', header: 'X-Signature', fields: { plate: '/plate' } })
    const bytes = Buffer.from('{"plate":"AB 123"}')
    const sign = (body: Buffer) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
    const signed = (signature: string) => ({
      url: line.url,
      bytes,
      contentType: 'application/json',
      headers: { 'x-signature': signature },
    })
    expect((await post(signed(sign(Buffer.from('{}'))))).status).toBe(401)
    expect((await post(signed(sign(bytes)))).status).toBe(200)
    expect(plates()).toEqual(['AB 123'])
  })

  test('with the new secret soon after it was changed, and no stranger makes the hub look it up at every call', async () => {
    const secrets = { inbound: secret }
    line = await openLine('verkada', {}, { secrets })
    secrets.inbound = 'the-next-secret'
    const key = (value: string) => ({ ...sent(), url: `${line.url}key/${value}` })
    expect((await post(key('the-next-secret'))).status).toBe(401)
    line.tester.clock.advance(2_000)
    expect((await post(key('the-next-secret'))).status).toBe(200)
    expect((await post(key(secret))).status).toBe(401)
  })

  test('and its secret stands in no log', async () => {
    line = await openLine('hikvision', { proof: 'key' })
    await post({ ...message('hikvision', 'cut-xml', `key/${secret}`) })
    await post({ ...message('hikvision', 'alert', 'key/wrong-secret') })
    expect(line.tester.log).not.toEqual([])
    expect(JSON.stringify(line.tester.log)).not.toContain('secret')
  })
})

describe('limits', () => {
  const send = (bytes: Uint8Array, contentType: string) => post({ url: `${line.url}key/${secret}`, bytes, contentType })

  test('of size, before the body is taken in', async () => {
    line = await openLine('verkada', { maxBodyKilobytes: 16 })
    expect((await send(Buffer.alloc(20_000, 32), 'application/json')).status).toBe(413)
    expect((await send(Buffer.alloc(10_000, 32), 'application/json')).status).toBe(200)
  })

  test('of parts, tags and levels', async () => {
    line = await openLine('hikvision', { proof: 'key' })
    const parts = multipartBody(Array.from({ length: 5_000 }, (_, i) => ({ name: `p${i}`, body: 'x' })))
    const flood = await send(parts.bytes, parts.contentType)
    expect([flood.status, flood.body]).toEqual([400, expect.stringContaining('more than 32 parts')])
    const tags = await send(Buffer.from(`<a>${'<b/>'.repeat(100_000)}</a>`), 'text/xml')
    expect([tags.status, tags.body]).toEqual([400, expect.stringContaining('more than 20000 tags')])
    const deepXml = await send(Buffer.from(`${'<a>'.repeat(1_000)}${'</a>'.repeat(1_000)}`), 'text/xml')
    expect([deepXml.status, deepXml.body]).toEqual([400, expect.stringContaining('nested deeper than 32')])
    const deepJson = await send(Buffer.from(`${'['.repeat(100_000)}`), 'application/json')
    expect([deepJson.status, deepJson.body]).toEqual([
      400,
      expect.stringContaining('32 levels of nesting at position 32'),
    ])
  })

  test('of pictures: larger ones, more than six and what is no picture are left out, the read is kept', async () => {
    line = await openLine('hikvision', { proof: 'key', maxImageKilobytes: 16 })
    const alert = bytesOf(
      fixtures.find(({ vendor, name }) => vendor === 'hikvision' && name === 'alert') as (typeof fixtures)[number],
    )
    const jpeg = (size: number) => Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(size)])
    const { bytes, contentType } = multipartBody([
      { name: 'anpr.xml', body: alert.bytes },
      { name: 'large', contentType: 'image/jpeg', body: jpeg(20_000) },
      { name: 'liar', contentType: 'image/jpeg', body: 'no picture' },
      ...Array.from({ length: 8 }, () => ({ name: 'vehicle', body: jpeg(100) })),
    ])
    expect((await send(bytes, contentType)).status).toBe(200)
    expect(line.tester.reports[0]).toMatchObject({ plate: 'MUC1234', images: Array(6).fill({ kind: 'vehicle' }) })
  })

  test('pictures may be refused altogether', async () => {
    line = await openLine('hikvision', { proof: 'key', keepImages: false })
    await post(message('hikvision', 'multipart', `key/${secret}`))
    expect(line.tester.reports[0]).not.toHaveProperty('images')
  })

  test('of the call: only posts, nothing compressed', async () => {
    line = await openLine('verkada')
    const get = await fetch(`${line.url}key/${secret}`)
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, PUT'])
    const zipped = { ...message('verkada', 'lpr', `key/${secret}`), headers: { 'content-encoding': 'gzip' } }
    expect((await post(zipped)).status).toBe(415)
  })
})

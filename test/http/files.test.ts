// Owns the proof that files go in and out over real HTTP: whole or not at all, by right of a key or a signed link.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { readdirSync, utimesSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linkToken } from '../../core/domain/file-link.ts'
import { carriesFile } from '../../core/http/file-body.ts'
import { type HttpServer, startServer } from '../../core/http/server.ts'
import { systemClock } from '../../core/runtime/system-clock.ts'
import { queueCommand } from '../../core/services/charger/queue-command.ts'
import { cleanFiles } from '../../core/services/files/clean-files.ts'
import { prepareFileCommand } from '../../core/services/manage/file-commands.ts'
import { eventually } from '../setup/eventually.ts'
import { silent } from '../setup/silent-log.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let server: HttpServer
let base: string
let siteId: string
let stationId: string
let requests = 0

beforeAll(async () => {
  hub = await startHubApi()
  server = await startServer({
    app: hub.app,
    host: '127.0.0.1',
    port: 0,
    handleUpgrade: () => 'unknown',
    carriesFile,
    pace: systemClock,
    log: silent,
    patience: { headersMs: 300, requestMs: 400, fileMs: 60_000, stillMs: 30_000, checkEveryMs: 50 },
  })
  base = `http://127.0.0.1:${server.port}`
  hub.files.settings.publicUrl = base
  siteId = (await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })).body
    .siteId
  stationId = (await hub.call('POST', '/stations', { body: { siteId, code: 'CP' } })).body.stationId
})
afterAll(async () => {
  await server.close()
  await hub.close()
})

const key = () => ({ Authorization: `Bearer ${hub.owner}` })
const upload = async (query: string, body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}) => {
  const response = await fetch(`${base}/api/v1/files?${query}`, {
    method: 'POST',
    headers: { ...key(), ...headers },
    body,
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Json }
}
const octets = { 'Content-Type': 'application/octet-stream' }
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
/** Every file on disk, half ones included. */
const onDisk = () => {
  const folders = readdirSync(hub.filesDir)
  return folders.flatMap((folder) => readdirSync(join(hub.filesDir, folder)).map((name) => `${folder}/${name}`))
}
const access = () => ({ organizationId: hub.organizationId, siteIds: null, actor: 'key:test', requestId: 'r' })
const prepare = () => prepareFileCommand({ ...hub.service, files: hub.files, newRequestId: () => ++requests })

async function firmware(bytes: Uint8Array = randomBytes(5_000), name = `fw-${randomUUID()}.bin`) {
  const { body } = await upload(`kind=firmware&name=${name}`, Buffer.from(bytes), octets)
  const command = await prepare()(access(), stationId, { name: 'update_firmware', fileId: body.fileId })
  if (!('url' in command)) throw new Error(JSON.stringify(command))
  return { fileId: body.fileId as string, url: command.url, bytes, name }
}

/** A get_log command in the station's queue and the link that it carries. */
async function logSlot() {
  const command = await prepare()(access(), stationId, { name: 'get_log', log: 'diagnostics' })
  if (!('url' in command)) throw new Error(JSON.stringify(command))
  const queued = await queueCommand({ ...hub.service, wake() {} })({
    organizationId: hub.organizationId,
    stationId,
    command,
    requestedBy: 'key:test',
  })
  if (queued.kind !== 'queued') throw new Error(queued.kind)
  return { url: command.url, commandId: queued.command.command_id }
}
const logsOf = async (commandId: string) =>
  (await hub.call('GET', `/stations/${stationId}/logs?commandId=${commandId}`)).body.items as Json[]

describe('an operator', () => {
  test('uploads a file, finds it, reads it back, archives it', async () => {
    const bytes = randomBytes(70_000)
    const added = await upload('kind=firmware&name=wall22-1.5.0.bin', bytes, octets)
    expect(added).toMatchObject({
      status: 201,
      body: { kind: 'firmware', name: 'wall22-1.5.0.bin', sizeBytes: 70_000, sha256: sha(bytes), siteId: null },
    })
    const { fileId } = added.body
    expect(added.headers.get('location')).toBe(`/api/v1/files/${fileId}`)
    const found = await hub.call('GET', '/files?kind=firmware&search=WALL22')
    expect(found.body.items.map((one: Json) => one.fileId)).toEqual([fileId])
    expect((await hub.call('GET', `/files/${fileId}`)).headers.get('etag')).toBe('"v1"')
    const content = await fetch(`${base}/api/v1/files/${fileId}/content`, { headers: key() })
    expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true)
    expect(content.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''wall22-1.5.0.bin")
    expect((await hub.call('DELETE', `/files/${fileId}`)).status).toBe(204)
    expect((await hub.call('GET', '/files?search=wall22')).body.items).toEqual([])
    expect((await hub.call('GET', '/files?search=wall22&archived=true')).body.items).toHaveLength(1)
    const audit = await hub.call('GET', '/audit-log')
    expect(audit.body.items.map((one: Json) => one.action)).toEqual(
      expect.arrayContaining(['file.uploaded', 'file.archived']),
    )
  })

  test('uploads the same twice and has it once', async () => {
    const bytes = randomBytes(100)
    const first = await upload('kind=other&name=same.bin', bytes, octets)
    const second = await upload('kind=other&name=same.bin', bytes, octets)
    expect([first.status, second.status]).toEqual([201, 200])
    expect(second.body.fileId).toBe(first.body.fileId)
    const other = await upload('kind=other&name=other.bin', bytes, octets)
    expect(other.status).toBe(201)
  })

  test('uploads by form', async () => {
    const form = new FormData()
    form.set('note', 'ignored')
    form.set('file', new Blob([randomBytes(3_000)], { type: 'application/zip' }), '../../etc/fw.zip')
    const added = await upload('kind=firmware', form)
    expect(added).toMatchObject({
      status: 201,
      body: { name: 'fw.zip', contentType: 'application/zip', sizeBytes: 3_000 },
    })
  })

  test.each([
    ['nothing', 'kind=firmware&name=a.bin', Buffer.alloc(0), octets, 422],
    ['too much', 'kind=firmware&name=a.bin', Buffer.alloc(200_001), octets, 413],
    ['no name', 'kind=firmware', Buffer.from('x'), octets, 422],
    ['a name of nothing but dots', 'kind=firmware&name=..', Buffer.from('x'), octets, 422],
    ['no kind', 'name=a', Buffer.from('x'), octets, 422],
    ['another kind', 'kind=virus&name=a', Buffer.from('x'), octets, 422],
    ['a page', 'kind=firmware&name=a.html', Buffer.from('x'), { 'Content-Type': 'text/html' }, 415],
    ['a site that is not there', `kind=other&name=a&siteId=${randomUUID()}`, Buffer.from('x'), octets, 422],
    [
      'a form without a file',
      'kind=other',
      Buffer.from('--b--'),
      { 'Content-Type': 'multipart/form-data; boundary=b' },
      422,
    ],
    ['a form without a boundary', 'kind=other', Buffer.from('x'), { 'Content-Type': 'multipart/form-data' }, 422],
    ['a broken form', 'kind=other', Buffer.from('x'), { 'Content-Type': 'multipart/form-data; boundary=b' }, 400],
    ['half a file', 'kind=other&name=a', Buffer.from('x'), { ...octets, 'Content-Range': 'bytes 1-1/2' }, 422],
  ])('who sends %s is refused, and nothing stays', async (_what, query, body, headers, status) => {
    const before = onDisk()
    const answer = await upload(query, body, headers as Record<string, string>)
    expect([answer.status, answer.body.status]).toEqual([status, status])
    expect(onDisk()).toEqual(before)
  })

  test('needs the scope, and a site-limited key a site of its own', async () => {
    const keyOf = async (scopes: string[], siteIds: string[] | null) =>
      (await hub.call('POST', '/api-keys', { body: { name: 'k', scopes, siteIds } })).body.key as string
    const send = async (bearer: string, query: string) =>
      (
        await fetch(`${base}/api/v1/files?${query}`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${bearer}`, ...octets },
          body: 'x',
        })
      ).status
    expect(await send(await keyOf(['chargers:read'], null), 'kind=other&name=a')).toBe(403)
    const limited = await keyOf(['chargers:read', 'chargers:write'], [siteId])
    expect(await send(limited, 'kind=other&name=limited')).toBe(403)
    expect(await send(limited, `kind=other&name=limited&siteId=${siteId}`)).toBe(201)
    const { fileId } = await firmware()
    expect((await hub.call('GET', `/files/${fileId}`, { key: limited })).status).toBe(200)
    expect((await hub.call('DELETE', `/files/${fileId}`, { key: limited })).status).toBe(403)
  })
})

describe('a station fetches firmware', () => {
  test('without a key, whole, in parts, and only what has changed', async () => {
    const { url, bytes, name } = await firmware()
    expect(url).toMatch(new RegExp(`/files/[\\w-]{90,120}/${name}$`))
    expect(url.length).toBeLessThan(512)
    const whole = await fetch(url)
    expect(whole.status).toBe(200)
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
    const etag = whole.headers.get('etag') ?? ''
    expect(etag).toBe(`"${sha(bytes)}"`)
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5000', ''])
    const part = async (range: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(url, { headers: { Range: range, ...headers } })
      return [
        answer.status,
        answer.headers.get('content-range'),
        Buffer.from(await answer.arrayBuffer()).toString('hex'),
      ]
    }
    const hex = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('hex')
    expect(await part('bytes=100-199')).toEqual([206, 'bytes 100-199/5000', hex(100, 200)])
    expect(await part('bytes=4990-')).toEqual([206, 'bytes 4990-4999/5000', hex(4990, 5000)])
    expect(await part('bytes=-5')).toEqual([206, 'bytes 4995-4999/5000', hex(4995, 5000)])
    expect(await part('bytes=4990-9999')).toEqual([206, 'bytes 4990-4999/5000', hex(4990, 5000)])
    expect(await part('bytes=1-2,4-5')).toEqual([200, null, hex(0, 5000)])
    expect(await part('bytes=9-3')).toEqual([200, null, hex(0, 5000)])
    expect(await part('furlongs=1-2')).toEqual([200, null, hex(0, 5000)])
    expect(await part('bytes=1-2', { 'If-Range': etag })).toEqual([206, 'bytes 1-2/5000', hex(1, 3)])
    expect(await part('bytes=1-2', { 'If-Range': '"older"' })).toEqual([200, null, hex(0, 5000)])
    expect((await part('bytes=5000-')).slice(0, 2)).toEqual([416, 'bytes */5000'])
    expect((await fetch(url, { headers: { 'If-None-Match': etag } })).status).toBe(304)
    // Some ask for what they hope to get.
    expect((await fetch(url, { headers: { Accept: 'text/html' } })).status).toBe(200)
  })

  test('no longer when the link is old, forged, for something else, or its file archived', async () => {
    const { url, fileId } = await firmware()
    const [, , , , token = '', name = ''] = url.split('/')
    const status = async (one: string, method = 'GET') => (await fetch(`${base}/files/${one}`, { method })).status
    const link = { purpose: 'download', organizationId: hub.organizationId, id: fileId } as const
    const until = (ms: number) => new Date(hub.clock.now().getTime() + ms)
    const signed = (of: Parameters<typeof linkToken>[1]) => linkToken(hub.files.sign, of)
    expect(await status(signed({ ...link, expiresAt: until(2_000) }))).toBe(200)
    expect(await status(signed({ ...link, expiresAt: until(-1_000) }))).toBe(410)
    expect(await status(signed({ ...link, id: randomUUID(), expiresAt: until(2_000) }))).toBe(410)
    expect(await status(signed({ ...link, organizationId: randomUUID(), expiresAt: until(2_000) }))).toBe(410)
    expect(await status(signed({ ...link, purpose: 'upload', expiresAt: until(2_000) }))).toBe(404)
    const foreign = linkToken(() => new Uint8Array(32), { ...link, expiresAt: until(2_000) })
    for (const bad of [foreign, `${token}A`, token.slice(1), token.slice(0, -2), 'x', '%00', `${token}=`])
      expect([bad, await status(bad)]).toEqual([bad, 404])
    for (let i = 0; i < token.length; i += 7) {
      const other = token[i] === 'A' ? 'B' : 'A'
      expect(await status(token.slice(0, i) + other + token.slice(i + 1))).toBe(404)
    }
    expect(await status(`${token}/${name}`)).toBe(200)
    const refusal = await (await fetch(`${base}/files/${foreign}`)).json()
    expect(refusal).not.toHaveProperty('detail')
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(404)
    await hub.call('DELETE', `/files/${fileId}`)
    expect(await status(`${token}/${name}`)).toBe(410)
  })
})

describe('a command gets its address from the hub', () => {
  test('or keeps its own, or is told what is wrong', async () => {
    const { fileId } = await firmware()
    const given = { name: 'update_firmware', url: 'https://vendor.example/fw.bin' } as const
    const own = await prepare()(access(), stationId, given)
    expect(own).toMatchObject({ ...given, requestId: requests, retrieveAt: hub.clock.now().toISOString() })
    const other = (await upload('kind=other&name=no-firmware.bin', 'x', octets)).body
    const refused = [
      await prepare()(access(), stationId, { name: 'update_firmware', fileId: randomUUID() }),
      await prepare()(access(), stationId, { name: 'update_firmware', fileId: other.fileId }),
      await prepare()(access(), stationId, { name: 'update_firmware', fileId, signature: 'AA==' }),
    ]
    expect(refused.map((one) => ('problems' in one ? one.problems[0]?.pointer : one))).toEqual([
      '/fileId',
      '/fileId',
      '/signature',
    ])
    expect(await prepare()(access(), randomUUID(), { name: 'get_log', log: 'security' })).toEqual({ kind: 'not_found' })
    const ftp = { name: 'get_log', log: 'security', url: 'ftp://there/' } as const
    expect(await prepare()(access(), stationId, ftp)).toMatchObject(ftp)
  })
})

describe('a station sends its log', () => {
  test.each([
    ['PUT', (url: string) => fetch(url, { method: 'PUT', body: 'the log' }), 'diagnostics-\\d+\\.log'],
    ['PUT under a name', (url: string) => fetch(`${url}/diag.txt`, { method: 'PUT', body: 'the log' }), 'diag\\.txt'],
    [
      'POST',
      (url: string) => fetch(url, { method: 'POST', body: 'the log', headers: octets }),
      'diagnostics-\\d+\\.log',
    ],
    [
      'POST of a form',
      (url: string) => {
        const form = new FormData()
        form.set('upload', new Blob(['the log'], { type: 'text/plain' }), 'form.txt')
        return fetch(url, { method: 'POST', body: form })
      },
      'form\\.txt',
    ],
    [
      'PUT in chunks',
      (url: string) => {
        const body = new ReadableStream({
          start(controller) {
            for (const piece of ['the', ' ', 'log']) controller.enqueue(Buffer.from(piece))
            controller.close()
          },
        })
        return fetch(url, { method: 'PUT', body, duplex: 'half' } as RequestInit)
      },
      'diagnostics-\\d+\\.log',
    ],
  ])('by %s', async (_how, send, name) => {
    const { url, commandId } = await logSlot()
    expect((await send(url)).status).toBe(201)
    const [log, ...more] = await logsOf(commandId)
    expect(more).toEqual([])
    expect(log).toMatchObject({
      stationId,
      commandId,
      siteId,
      kind: 'log',
      sizeBytes: 7,
      createdBy: `station:${stationId}`,
    })
    expect(log.name).toMatch(new RegExp(`^${name}$`))
    expect(new Date(log.expiresAt).getTime() - new Date(log.createdAt).getTime()).toBe(30 * 86_400_000)
    const told = async () =>
      (await hub.call('GET', `/events?type=station.log_received&limit=200`)).body.items.filter(
        (one: Json) => one.data.commandId === commandId,
      )
    await eventually(async () => (await told()).length > 0, 'the event')
    expect(await told()).toMatchObject([{ subject: { id: stationId }, data: { fileId: log.fileId, sizeBytes: 7 } }])
    const content = await fetch(`${base}/api/v1/files/${log.fileId}/content`, { headers: key() })
    expect(await content.text()).toBe('the log')
  })

  test('twice: one file, one event; then another: the newest stays', async () => {
    const { url, commandId } = await logSlot()
    const put = async (body: string) => (await fetch(url, { method: 'PUT', body })).status
    expect([await put('first'), await put('first')]).toEqual([201, 201])
    const [first] = await logsOf(commandId)
    hub.clock.advance(1_000)
    expect(await put('second, longer')).toBe(201)
    const now = await logsOf(commandId)
    expect(now).toMatchObject([{ sizeBytes: 14 }])
    expect(now[0].fileId).not.toBe(first.fileId)
    // Events are listed in their order, once no older transaction runs: with the last one there, none of these is to come.
    const told = async () =>
      (await hub.call('GET', '/events?type=station.log_received&limit=200')).body.items
        .filter((one: Json) => one.data.commandId === commandId)
        .map((one: Json) => one.data.fileId)
    await eventually(async () => (await told()).includes(now[0].fileId), 'the last event')
    expect(await told()).toEqual([first.fileId, now[0].fileId])
  })

  test('many times at once: one complete file', async () => {
    const { url, commandId } = await logSlot()
    const all = await Promise.all([1, 2, 3, 4, 5].map((n) => fetch(url, { method: 'PUT', body: `log ${n}` })))
    expect(all.map((one) => one.status)).toEqual([201, 201, 201, 201, 201])
    expect(await logsOf(commandId)).toMatchObject([{ sizeBytes: 5 }])
  })

  test('and the command that waited for it is done', async () => {
    const { url, commandId } = await logSlot()
    await hub.database.ownerPool.query(
      `update command set state = 'answered', outcome = 'pending' where command_id = $1`,
      [commandId],
    )
    await fetch(url, { method: 'PUT', body: 'x' })
    expect((await hub.call('GET', `/commands/${commandId}`)).body).toMatchObject({
      state: 'answered',
      outcome: 'completed',
    })
    const finished = async () =>
      (await hub.call('GET', `/events?type=command.finished&subjectId=${commandId}`)).body.items
    await eventually(async () => (await finished()).length > 0, 'the event')
    expect(await finished()).toMatchObject([{ data: { outcome: 'completed' } }])
  })

  /** A PUT by hand: the pieces, then either the rest or the end of the line. */
  const raw = (url: string, head: string, pieces: readonly string[], end: 'close' | 'wait'): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port, pathname } = new URL(url)
      const socket = connect(Number(port), '127.0.0.1', async () => {
        socket.write(`PUT ${pathname} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${head}\r\n\r\n`)
        for (const piece of pieces) {
          // As slow as a line can be: longer in all than an ordinary request may take.
          await new Promise((next) => setTimeout(next, 150))
          socket.write(piece)
        }
        if (end === 'close') socket.destroy()
      })
      let heard = ''
      socket.on('data', (data) => (heard += data))
      socket.on('close', () => resolve(heard))
      socket.on('error', reject)
    })

  test('slowly, piece by piece, for longer than other requests may take', async () => {
    const { url, commandId } = await logSlot()
    const heard = await raw(url, 'Content-Length: 6', [...'slowly'], 'wait')
    expect(heard).toMatch(/^HTTP\/1\.1 201 /)
    expect(await logsOf(commandId)).toMatchObject([{ sizeBytes: 6 }])
  })

  test('and hangs up in the middle: nothing stays, and it may try again', async () => {
    const { url, commandId } = await logSlot()
    const before = onDisk()
    await raw(url, 'Content-Length: 600', ['half', 'of it'], 'close')
    await eventually(() => onDisk().length === before.length, 'the half file is gone')
    expect(await logsOf(commandId)).toEqual([])
    expect((await fetch(url, { method: 'PUT', body: 'all of it' })).status).toBe(201)
    expect(await logsOf(commandId)).toHaveLength(1)
  })

  test.each([
    ['too much, said before', { 'Content-Length': '100001' }, 413],
    ['too much, found out on the way', {}, 413],
  ])('of %s and is refused; nothing stays', async (_what, _headers, status) => {
    const { url, commandId } = await logSlot()
    const before = onDisk()
    const bytes = Buffer.alloc(100_001, 'x')
    const known = 'Content-Length' in _headers
    const body = known
      ? bytes
      : new ReadableStream({
          start(controller) {
            for (let i = 0; i < bytes.length; i += 10_000) controller.enqueue(bytes.subarray(i, i + 10_000))
            controller.close()
          },
        })
    const answer = await fetch(url, { method: 'PUT', body, duplex: 'half' } as RequestInit)
    expect(answer.status).toBe(status)
    expect(onDisk()).toEqual(before)
    expect(await logsOf(commandId)).toEqual([])
  })

  test('of nothing, or to a link that is no more, and is refused', async () => {
    const { url } = await logSlot()
    expect((await fetch(url, { method: 'PUT', body: '' })).status).toBe(422)
    expect((await fetch(url)).status).toBe(404)
    expect((await fetch(`${url.slice(0, -1)}_`, { method: 'PUT', body: 'x' })).status).toBe(404)
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405)
    hub.clock.advance(25 * 3_600_000)
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(410)
  })
})

test('an ordinary request may not take as long as a file', async () => {
  const socket = connect(server.port, '127.0.0.1')
  const heard = new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (data) => (text += data))
    socket.on('close', () => resolve(text))
  })
  socket.write(
    `POST /api/v1/sites HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${hub.owner}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{`,
  )
  expect(await heard).toMatch(/^HTTP\/1\.1 408 /)
})

test('what nothing names and what is past its time goes; all else stays', async () => {
  const { fileId } = await firmware()
  const { url, commandId } = await logSlot()
  await fetch(url, { method: 'PUT', body: `log of ${commandId}` })
  const [log] = await logsOf(commandId)
  const clean = cleanFiles({ ...hub.service, files: hub.files, realNow: () => new Date() })
  const stray = await hub.files.disk.store(
    (async function* () {
      yield Buffer.from('nobody knows me')
    })(),
    100,
  )
  if (stray.kind !== 'stored') throw new Error(stray.kind)
  const age = (sha256: string) => utimesSync(join(hub.filesDir, sha256.slice(0, 2), sha256), 1, 1)
  expect(await clean()).toEqual({ expired: 0, removed: 0 })
  age(stray.sha256)
  expect((await clean()).removed).toBe(1)
  expect(await hub.files.disk.has(stray.sha256)).toBe(false)
  for (const name of onDisk()) if (!name.startsWith('incoming')) age(name.split('/')[1] ?? '')
  hub.clock.advance(31 * 86_400_000)
  expect((await clean()).expired).toBeGreaterThan(0)
  expect(await hub.files.disk.has(log.sha256)).toBe(false)
  expect((await hub.call('GET', `/files/${log.fileId}`)).status).toBe(404)
  const kept = (await hub.call('GET', `/files/${fileId}`)).body
  expect(await hub.files.disk.has(kept.sha256)).toBe(true)
})

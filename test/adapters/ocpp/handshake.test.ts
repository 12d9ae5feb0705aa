// Owns the tests of handshakes as chargers really make them: catalogue rows W1 to W6, W11, W17, X1 and J15.
import { createServer, connect as tcpConnect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicCredentials, chooseProtocol, type EarlyNote, stationIdentity } from '../../../adapters/ocpp/handshake.ts'
import { repairUpgradeHead } from '../../../core/domain/upgrade-head.ts'
import { Refused, type Station, startHub, type TestHub, until } from './hub.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await startHub()
})
afterAll(() => hub.stop())

const basic = (user: string, password: Buffer | string) => ({
  headers: {
    authorization: `Basic ${Buffer.concat([Buffer.from(`${user}:`), Buffer.from(password)]).toString('base64')}`,
  },
})

async function refusal(path: string, options: Parameters<TestHub['connect']>[2] = {}): Promise<Refused> {
  try {
    await hub.connect(path, 'ocpp1.6', options)
  } catch (error) {
    if (error instanceof Refused) return error
    throw error
  }
  throw new Error('the handshake was accepted')
}

/** A handshake written by hand, for what no client library would send. */
async function byHand(port: number, lines: readonly string[]): Promise<{ status: string; headers: string }> {
  const socket = tcpConnect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (part) => {
    answer += part.toString('latin1')
  })
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  await until(() => answer.includes('\r\n\r\n'), 'an HTTP answer')
  socket.destroy()
  const [head = ''] = answer.split('\r\n\r\n')
  return { status: head.split('\r\n')[0] ?? '', headers: head }
}

const handshakeLines = (target: string, more: readonly string[] = []) => [
  `GET ${target} HTTP/1.1`,
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  ...more,
]

describe('path', () => {
  const cases: [target: string, identity: string | null, codes: string[]][] = [
    ['/ocpp/CP1', 'CP1', []],
    ['/ocpp/CP1/', 'CP1', ['W4']],
    ['//ocpp//CP1', 'CP1', ['W4']],
    ['/ocpp/CP1?token=x', 'CP1', []],
    ['ws://hub.example/ocpp/CP1', 'CP1', ['W4']],
    ['/ocpp/ws://hub.example:8080/ocpp/CP1', 'CP1', ['W4']],
    ['/ocpp/CP1/CP1', 'CP1', ['W4']],
    ['/ocpp/CP%201', 'CP 1', ['W5']],
    ['/ocpp/A%2F1', 'A/1', ['W5']],
    ['/ocpp/A/1', 'A/1', []],
    ['/ocpp/DE*ABC*E1%3A2', 'DE*ABC*E1:2', ['W5']],
    ['/ocpp/CP%2520', 'CP%20', ['W5']],
    ['/ocpp/100%', '100%', []],
    ['/ocpp/', null, []],
    ['/ocpp', null, ['W4']],
    ['/ocpp/a%00b', null, ['W5']],
    ['/ocpp/ocpp', 'ocpp', []],
    [`/ocpp/${'x'.repeat(300)}`, null, []],
  ]
  test.each(cases)('%s names %s', (target, identity, codes) => {
    const notes: EarlyNote[] = []
    expect(stationIdentity(target, '/ocpp', notes)).toBe(identity)
    expect(notes.map(([code]) => code)).toEqual(codes)
  })

  test('W4 trailing and double slashes, full URL in the path', async () => {
    hub.port.add('W4')
    for (const path of ['/ocpp/W4/', '//ocpp//W4', '/ocpp/ws://elsewhere/ocpp/W4']) {
      const station = await hub.connect(path)
      await station.settled()
    }
    await until(() => hub.port.codesOf('W4').filter((code) => code === 'W4').length === 3, 'three notes')
  })

  test('W5 percent-encoded identity with space, slash and colon', async () => {
    const station = await hub.station('Bay 1/2:3')
    await station.settled()
    expect(hub.port.codesOf('Bay 1/2:3')).toContain('W5')
  })

  test('W6 identity in another case, the stored spelling wins', async () => {
    hub.port.add('GarageA-01')
    const station = await hub.connect('/ocpp/garagea-01')
    await station.ask('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Available' })
    expect(hub.port.factsOf('GarageA-01')).toHaveLength(1)
    expect(hub.port.codesOf('GarageA-01')).toContain('W6')
  })

  test('no identity and unknown identity are refused with 404 and a problem body', async () => {
    const unknown = await refusal('/ocpp/nobody')
    expect(unknown.status).toBe(404)
    expect(JSON.parse(unknown.body)).toMatchObject({ status: 404, detail: 'no such station' })
    expect((await refusal('/ocpp/')).status).toBe(404)
  })
})

describe('subprotocol', () => {
  test('W1 none offered: the station default, then the model, then the configuration; answered without header', async () => {
    hub.port.add('W1a')
    hub.port.add('W1b', { defaultProtocol: 'ocpp2.0.1' })
    hub.port.add('W1c', { model: 'Grizzl-E Smart' })
    const answers = new Map<string, string>()
    for (const code of ['W1a', 'W1b', 'W1c']) {
      const station = await hub.connect(`/ocpp/${code}`, null)
      station.version = code === 'W1b' ? 'ocpp2.0.1' : 'ocpp1.6'
      expect(station.socket.protocol).toBe('')
      station.raw('[2,"1","Nonsense",{}]')
      station.raw('[7,"2"]')
      station.cast('Heartbeat', {}, 'h')
      await station.answer('h')
      answers.set(code, station.received.map((frame) => frame[2]).includes('MessageTypeNotSupported') ? '2.0.1' : '1.6')
      expect(hub.port.codesOf(code)).toContain('W1')
    }
    expect([...answers.values()]).toEqual(['1.6', '2.0.1', '1.6'])
  })

  test('W2 several offered: the first in the order of the station that the hub speaks', async () => {
    hub.port.add('W2')
    const newer = await hub.connect('/ocpp/W2', ['ocpp9.9', 'ocpp2.0.1', 'ocpp1.6'])
    expect(newer.socket.protocol).toBe('ocpp2.0.1')
    const older = await hub.connect('/ocpp/W2', ['ocpp1.6', 'ocpp2.0.1'])
    expect(older.socket.protocol).toBe('ocpp1.6')
  })

  test('W2 another spelling is answered as it was offered', async () => {
    hub.port.add('W2s')
    const station = await hub.connect('/ocpp/W2s', ['OCPP1.6'])
    expect(station.socket.protocol).toBe('OCPP1.6')
    await until(() => hub.port.codesOf('W2s').includes('W2'), 'the note')
  })

  test('a protocol twice in the offer, which a strict server refuses, is accepted', async () => {
    hub.port.add('W2d')
    const lines = handshakeLines('/ocpp/W2d', ['Connection: Upgrade', 'Sec-WebSocket-Protocol: ocpp1.6, ocpp1.6'])
    const { status, headers } = await byHand(hub.portNumber, lines)
    expect(status).toContain('101')
    expect(headers).toContain('Sec-WebSocket-Protocol: ocpp1.6')
  })

  test('none known: the handshake completes without a protocol and the socket closes', async () => {
    hub.port.add('W2n')
    const { status, headers } = await byHand(
      hub.portNumber,
      handshakeLines('/ocpp/W2n', ['Connection: Upgrade', 'Sec-WebSocket-Protocol: ocpp1.5']),
    )
    expect(status).toContain('101')
    expect(headers).not.toContain('Sec-WebSocket-Protocol')
    expect(hub.port.isOpen('W2n')).toBe(false)
  })

  test('choice is pure', () => {
    expect(chooseProtocol('ocpp2.0.1,ocpp1.6', [])).toEqual({
      kind: 'chosen',
      version: 'ocpp2.0.1',
      answer: 'ocpp2.0.1',
    })
    expect(chooseProtocol(undefined, [])).toEqual({ kind: 'none_offered' })
    expect(chooseProtocol(' , ', [])).toEqual({ kind: 'none_offered' })
    expect(chooseProtocol('mqtt', [])).toEqual({ kind: 'none_known', offered: 'mqtt' })
  })

  test('no compression is agreed on, whatever is offered', async () => {
    hub.port.add('ext')
    const station = await hub.connect('/ocpp/ext', 'ocpp1.6', { perMessageDeflate: true })
    expect(station.socket.extensions).toBe('')
  })
})

describe('W3 Connection header', () => {
  test('other words beside Upgrade', async () => {
    hub.port.add('W3a')
    const { status } = await byHand(hub.portNumber, handshakeLines('/ocpp/W3a', ['Connection: keep-alive, upgrade']))
    expect(status).toContain('101')
  })

  test('missing or without Upgrade: mended in front of the HTTP server, and counted', async () => {
    hub.port.add('W3b')
    const front = createServer((socket) => {
      socket.once('data', (first: Buffer) => {
        socket.pause()
        socket.unshift(repairUpgradeHead(first))
        hub.takeConnection(socket)
        socket.resume()
      })
    })
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    const { port } = front.address() as { port: number }
    for (const more of [[], ['Connection: keep-alive']]) {
      expect((await byHand(port, handshakeLines('/ocpp/W3b', more))).status).toContain('101')
    }
    await until(() => hub.port.codesOf('W3b').filter((code) => code === 'W3').length === 2, 'two notes')
    expect((await byHand(port, ['GET /plain HTTP/1.1', 'Host: x'])).status).toContain('404')
    front.close()
  })

  test('other requests pass unchanged', () => {
    for (const text of [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      'POST /a HTTP/1.1\r\nUpgrade: websocket\r\n\r\nbody',
      'GET /ocpp/1 HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nConnection: Upgrade\r\n\r\n',
      'GET /ocpp/1 HTTP/1.1\r\nUpgrade: webso',
    ]) {
      const first = Buffer.from(text)
      expect(repairUpgradeHead(first)).toBe(first)
    }
  })
})

describe('Basic authentication', () => {
  const key = Buffer.from('00ff10e27a9b44c8d16f', 'hex')

  test('X1, J15 the key as raw bytes or as its hex text', async () => {
    hub.port.add('X1', { password: key })
    await (await hub.connect('/ocpp/X1', 'ocpp1.6', basic('X1', key))).settled()
    await (await hub.connect('/ocpp/X1', 'ocpp1.6', basic('X1', key.toString('hex')))).settled()
    expect(hub.port.attempts.at(-2)?.password).toEqual(new Uint8Array(key))
  })

  test('W17 the password is asked for on a plain socket too, and the port hears which it was', async () => {
    hub.port.add('W17', { password: key })
    await (await hub.connect('/ocpp/W17', 'ocpp1.6', basic('W17', key))).settled()
    expect(hub.port.attempts.at(-1)).toMatchObject({ secure: false, remoteAddress: '127.0.0.1' })
  })

  test('wrong or missing password: 401 with a challenge', async () => {
    hub.port.add('locked', { password: key })
    const missing = await refusal('/ocpp/locked')
    expect(missing.status).toBe(401)
    expect(String(missing.headers['www-authenticate'])).toMatch(/^Basic realm=/)
    expect((await refusal('/ocpp/locked', basic('locked', 'wrong'))).status).toBe(401)
  })

  test('rejected stations get 403, a failing store 503', async () => {
    hub.port.add('banned', { admission: 'rejected' })
    expect((await refusal('/ocpp/banned')).status).toBe(403)
    hub.port.admissionFailure = new Error('no database')
    expect((await refusal('/ocpp/banned')).status).toBe(503)
    hub.port.admissionFailure = null
  })

  test('W19 any user name is tolerated and counted', async () => {
    hub.port.add('W19', { password: key })
    const station = await hub.connect('/ocpp/W19', 'ocpp1.6', basic('admin', key))
    await station.settled()
    expect(hub.port.codesOf('W19')).toContain('W19')
  })

  test('identities with a colon, passwords with one, broken headers', () => {
    const header = (text: string) => `basic ${Buffer.from(text).toString('base64')}`
    const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString())
    const read = (value: string | undefined, identity: string) => {
      const { userName, password } = basicCredentials(value, identity)
      return [userName, text(password)]
    }
    expect(read(header('A:1:pass:word'), 'a:1')).toEqual(['A:1', 'pass:word'])
    expect(read(header('CP1:pass:word'), 'CP1')).toEqual(['CP1', 'pass:word'])
    expect(read(header('other:secret'), 'CP1')).toEqual(['other', 'secret'])
    expect(read(header('nothing'), 'CP1')).toEqual(['nothing', null])
    expect(read('Bearer abc', 'CP1')).toEqual([null, null])
    expect(read(undefined, 'CP1')).toEqual([null, null])
    expect(read('Basic', 'CP1')).toEqual([null, null])
  })
})

describe('W11 second socket', () => {
  test('the newer one serves, the older one is closed, and its end changes nothing (W12)', async () => {
    const older = await hub.station('W11')
    await older.settled()
    const newer = await hub.connect('/ocpp/W11')
    await newer.settled()
    expect((await older.closed()).code).toBe(1000)
    await until(() => hub.port.closed.some(({ station, epoch }) => station === 'W11' && epoch === 1), 'the old end')
    expect(hub.port.isOpen('W11')).toBe(true)
    await newer.ask('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Charging' })
    expect(hub.port.facts.filter(({ station }) => station === 'W11').map(({ epoch }) => epoch)).toEqual([2])
  })

  test('sockets opened without end: only the newest few live', async () => {
    hub.port.add('storm')
    const stations: Station[] = []
    for (let i = 0; i < 6; i++) stations.push(await hub.connect('/ocpp/storm'))
    await stations.at(-1)?.settled()
    await until(() => stations.filter((station) => station.closedWith !== null).length === 5, 'five closed')
  })
})

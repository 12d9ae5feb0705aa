// Owns the proof that each deviation that the simulator claims to play is really on the wire.
// Must not test the hub's tolerance.
import { describe, expect, it } from 'vitest'
import { type EchoHub, type OcppVersion, quirkRows } from '../../../sim/index.ts'
import { type Bench, baseWh, bench, callsOf, card, playOffline, playSession, start, withHub } from './play.ts'

interface Scene extends Bench {
  hub: EchoHub
  version: OcppVersion
  play(): Promise<void>
  playOffline(): Promise<void>
}

type Check = (scene: Scene) => Promise<void>

const path = '/ocpp/CA-303'
const texts = (hub: EchoHub) => hub.frames.map((frame) => frame.text)
const payloads = (hub: EchoHub, ...actions: string[]) => callsOf(hub, ...actions).map((call) => call.payload)
const events = (hub: EchoHub) => payloads(hub, 'TransactionEvent')
const seqNos = (hub: EchoHub) => events(hub).map((event) => Number(event.seqNo))
const startOf = (version: OcppVersion) => (version === 'ocpp1.6' ? 'StartTransaction' : 'TransactionEvent')
const samples = (hub: EchoHub) => texts(hub).filter((text) => text.includes('"sampledValue"'))
const counted = (list: readonly string[]) =>
  Object.fromEntries(list.map((one) => [one, list.filter((x) => x === one).length]))

/** Every register told, in order, as told. */
function registers(hub: EchoHub): number[] {
  return samples(hub).flatMap((text) =>
    [...text.matchAll(/"value":"?([\d.]+)"?,(?:"context":"[^"]*",)?"measurand":"Energy/g)].map((m) => Number(m[1])),
  )
}

function everySample(pattern: RegExp, present: boolean): Check {
  return async ({ hub, play }) => {
    await play()
    expect(samples(hub).length).toBeGreaterThan(1)
    for (const text of samples(hub)) expect(pattern.test(text)).toBe(present)
  }
}

function everyFrame(pattern: RegExp): Check {
  return async ({ hub, play }) => {
    await play()
    for (const text of texts(hub)) expect(text).toMatch(pattern)
  }
}

const tagged =
  (value: string): Check =>
  async ({ hub, play }) => {
    await play()
    expect(JSON.stringify(payloads(hub, 'Authorize')[0])).toContain(`"${value}"`)
  }

const handshake =
  (check: (seen: EchoHub['handshakes'][number] | undefined) => void): Check =>
  async ({ hub, station }) => {
    await station.connect()
    check(hub.handshakes[0])
  }

const laterIds =
  (value: number | RegExp, offline: boolean): Check =>
  async (scene) => {
    await (offline ? scene.playOffline() : scene.play())
    const ids = payloads(scene.hub, 'MeterValues', 'StopTransaction').map((payload) => payload.transactionId)
    expect(ids.length).toBeGreaterThan(3)
    for (const id of ids) expect(String(id)).toMatch(typeof value === 'number' ? new RegExp(`^${value}$`) : value)
  }

const checks: Record<string, Check> = {
  'T1 transaction -1 after an offline start': laterIds(-1, true),
  'T2 transaction 0 after an offline start': laterIds(0, true),
  'T3 another transaction id in later messages': laterIds(/^9\d{5}$/, false),
  'T4 meter values without a transaction id': async ({ hub, play }) => {
    await play()
    for (const payload of payloads(hub, 'MeterValues')) expect(payload).not.toHaveProperty('transactionId')
  },
  'T5 meter values before the start is answered': async ({ hub, play }) => {
    hub.answer.set('StartTransaction', () => undefined)
    await play()
    const order = hub.calls.map((call) => call.action)
    const first = order.indexOf('MeterValues')
    expect(order[first - 1]).toBe('StartTransaction')
    expect(hub.calls[first]?.payload).not.toHaveProperty('transactionId')
  },
  'T6 start sent twice': async ({ hub, version, play }) => {
    await play()
    const told = callsOf(hub, startOf(version)).filter(
      (call) => version === 'ocpp1.6' || call.payload.eventType === 'Started',
    )
    expect(told).toHaveLength(2)
    expect(told[0]?.payload).toEqual(told[1]?.payload)
    expect(told[0]?.messageId).not.toBe(told[1]?.messageId)
  },
  'T7 stop sent twice': async ({ hub, version, play }) => {
    await play()
    const told =
      version === 'ocpp1.6'
        ? payloads(hub, 'StopTransaction')
        : events(hub).filter((event) => event.eventType === 'Ended')
    expect(told).toHaveLength(2)
    expect(told[0]).toEqual(told[1])
  },
  'T8 only the stop arrives': async ({ hub, version, play }) => {
    await play()
    if (version === 'ocpp1.6') {
      expect(payloads(hub, 'StartTransaction')).toEqual([])
      expect(payloads(hub, 'StopTransaction')).toMatchObject([{ transactionId: -1 }])
    } else expect(events(hub).some((event) => event.eventType === 'Started')).toBe(false)
  },
  'T9 the stop never arrives': async ({ hub, version, play }) => {
    await play()
    expect(payloads(hub, startOf(version)).length).toBeGreaterThan(0)
    expect(payloads(hub, 'StopTransaction')).toEqual([])
    expect(events(hub).some((event) => event.eventType === 'Ended')).toBe(false)
  },
  'T11 whole history replayed after a reconnect': async ({ hub, station, play }) => {
    await play()
    const before = callsOf(hub, 'StartTransaction', 'MeterValues', 'StopTransaction', 'TransactionEvent')
    await station.goOffline()
    await station.goOnline()
    const after = callsOf(hub, 'StartTransaction', 'MeterValues', 'StopTransaction', 'TransactionEvent')
    expect(after.slice(before.length).map((call) => call.payload)).toEqual(before.map((call) => call.payload))
  },
  'T12 stop with another tag': async ({ hub, play }) => {
    await play()
    expect(payloads(hub, 'StopTransaction')[0]?.idTag).toBe('DEADBEEF')
  },
  'T12 stop without a tag': async ({ hub, version, play }) => {
    await play()
    if (version === 'ocpp1.6') expect(payloads(hub, 'StopTransaction')[0]).not.toHaveProperty('idTag')
    else expect(events(hub).at(-1)).not.toHaveProperty('idToken')
  },
  'T14 transaction ids come again after a boot': async ({ hub, station, play }) => {
    await play()
    await station.powerLoss()
    await station.powerOn()
    await playSession({ station, at: () => {} } as unknown as Bench)
    const begun = events(hub).filter((event) => event.eventType === 'Started')
    expect(begun.map((event) => (event.transactionInfo as { transactionId: string }).transactionId)).toEqual([
      'CA-303-1',
      'CA-303-1',
    ])
  },
  'T15 gaps in seqNo and no offline flag': async ({ hub, playOffline }) => {
    await playOffline()
    const numbers = seqNos(hub)
    expect(numbers.some((n, i) => i > 0 && n - (numbers[i - 1] ?? 0) > 1)).toBe(true)
    for (const event of events(hub)) expect(event).not.toHaveProperty('offline')
  },
  'T15 seqNo restarts after a reconnect': async ({ hub, station }) => {
    await station.connect()
    await station.plugIn(1)
    await station.presentCard(1, card)
    await station.goOffline()
    await station.goOnline()
    await station.stop(1)
    expect(seqNos(hub)).toEqual([0, 1, 0])
  },
  'T16 EVSE given without its connector': async ({ hub, play }) => {
    await play()
    for (const event of events(hub)) expect(event.evse).toEqual({ id: 1 })
  },
  'T17 every stop told as DeAuthorized': async ({ hub, play }) => {
    await play()
    expect(JSON.stringify(callsOf(hub, 'StopTransaction', 'TransactionEvent').at(-1)?.payload)).toContain(
      '"DeAuthorized"',
    )
  },
  'T18 a CALLERROR stalls the queue': async ({ hub, version, station, play }) => {
    hub.answer.set(startOf(version), () => ({ error: 'InternalError' }))
    await play()
    expect(station.outbox.stalled()).toBe(true)
    expect(station.outbox.size()).toBeGreaterThan(3)
    expect(callsOf(hub, startOf(version))).toHaveLength(1)
  },
  'M1 meterValue is an object': everySample(/"meterValue":\{/, true),
  'M2 empty sampledValue': everySample(/"sampledValue":\[\]/, true),
  'M3 numbers where text belongs': everySample(/"value":\d/, true),
  'M4 kWh labelled Wh': async ({ hub, play }) => {
    await play()
    expect(registers(hub).slice(1, 3)).toEqual([1001.5, 1003])
    expect(samples(hub)[1]).toMatch(/Energy\.Active\.Import\.Register","unit(OfMeasure":\{"unit)?":"Wh"/)
  },
  'M5 register counts from the boot': async ({ hub, play }) => {
    await play()
    expect(registers(hub).slice(0, 3)).toEqual([0, 1500, 3000])
  },
  'M5 register counts from the session': async ({ hub, station, play }) => {
    await play()
    await playSession({ station, at: () => {} } as unknown as Bench)
    expect(registers(hub).filter((wh) => wh === 0)).toHaveLength(2)
    expect(Math.max(...registers(hub))).toBeLessThanOrEqual(6000)
  },
  'M6 begin 0 beside a lifetime register': async ({ hub, version, play }) => {
    await play()
    if (version === 'ocpp1.6') expect(payloads(hub, 'StartTransaction')[0]?.meterStart).toBe(0)
    else expect(registers(hub)[0]).toBe(0)
    expect(registers(hub)[1]).toBe(baseWh + 1500)
  },
  'M7 begin 0 when offline': async ({ hub, version, playOffline, station }) => {
    await playOffline()
    if (version === 'ocpp1.6') expect(payloads(hub, 'StartTransaction')[0]?.meterStart).toBe(0)
    else expect(registers(hub)[0]).toBe(0)
    await playSession({ station, at: () => {} } as unknown as Bench)
    const again = version === 'ocpp1.6' ? payloads(hub, 'StartTransaction')[1]?.meterStart : registers(hub)[4]
    expect(again).toBe(baseWh + 6000)
  },
  'M8 meterStop -1': async ({ hub, play }) => {
    await play()
    expect(payloads(hub, 'StopTransaction')[0]?.meterStop).toBe(-1)
  },
  'M8 meterStop missing': async ({ hub, play }) => {
    await play()
    expect(payloads(hub, 'StopTransaction')[0]).not.toHaveProperty('meterStop')
  },
  'M9 meterStop below meterStart': async ({ hub, play }) => {
    await play()
    expect(payloads(hub, 'StopTransaction')[0]?.meterStop).toBe(baseWh - 100)
  },
  'M10 a sample after the stop': async ({ hub, play }) => {
    await play()
    const order = hub.calls.map((call) => call.action)
    expect(order[order.indexOf('StopTransaction') + 1]).toBe('MeterValues')
    expect(registers(hub).at(-1)).toBe(baseWh + 6001)
  },
  'M11 context is always Sample.Clock': async ({ hub, play }) => {
    await play()
    for (const text of samples(hub))
      expect(text.match(/"context":"[^"]*"/g)?.every((c) => c.includes('Sample.Clock'))).toBe(true)
  },
  'M12 no Transaction.Begin sample': everySample(/Transaction\.Begin/, false),
  'M13 total current only': everySample(/"phase"|Voltage|Power/, false),
  'M14 no power measured': everySample(/Power\.Active/, false),
  'M15 temperature in Celcius': everySample(/"Celcius"/, true),
  'M16 frequency in Hertz': everySample(/"Hertz"/, true),
  'M17 current in mA': async ({ hub, play }) => {
    await play()
    expect(samples(hub)[1]).toMatch(/"value":"?28800"?,.*"mA"/)
  },
  'M18 station meter on connector 0': async ({ hub, play }) => {
    await play()
    const main = payloads(hub, 'MeterValues').filter((payload) => payload.connectorId === 0)
    expect(main.length).toBeGreaterThan(2)
    for (const payload of main) expect(payload).not.toHaveProperty('transactionId')
  },
  'M19 sampled data key read-only': async ({ hub, version, station }) => {
    await station.connect()
    const component = { name: 'SampledDataCtrlr' }
    const variable = { name: 'SampledDataTxUpdatedMeasurands' }
    const [action, payload] =
      version === 'ocpp1.6'
        ? ['ChangeConfiguration', { key: 'MeterValuesSampledData', value: 'SoC' }]
        : ['SetVariables', { setVariableData: [{ component, variable, attributeValue: 'SoC' }] }]
    expect(
      JSON.stringify(await hub.command(path, action as string, payload as object as Record<string, unknown>)),
    ).toContain('"Rejected"')
  },
  'M20 trigger of MeterValues refused': async ({ hub, station }) => {
    await station.connect()
    const [, , result] = await hub.command(path, 'TriggerMessage', { requestedMessage: 'MeterValues' })
    expect(result).toEqual({ status: 'Rejected' })
  },
  'C1 timestamps without a zone': everyFrameWithTime(/"timestamp":"2019-03-04T1\d:\d\d:00\.000"/),
  'C2 offset without minutes': everyFrameWithTime(/"timestamp":"2019-03-04T1\d:\d\d:00\+02"/),
  'C3 clock stands in 1970': everyFrameWithTime(/"timestamp":"1970-01-01T0\d:/),
  'C4 local time marked Z': async ({ hub, station }) => {
    await station.connect()
    const [first] = payloads(hub, 'StatusNotification')
    expect(first?.timestamp).toBe(new Date(start.getTime() - 8 * 3_600_000).toISOString())
  },
  'J1 serial number too long': async ({ hub, station }) => {
    await station.connect()
    expect(JSON.stringify(payloads(hub, 'BootNotification')[0])).toMatch(/erialNumber":"CA-3030{27}"/)
  },
  'J2 tag over 20 characters': tagged('1EA68671FFFFFFFFFFFFFFFFFFFF'),
  'J3 configuration value over 500 characters': async ({ hub, station }) => {
    await station.connect()
    expect(JSON.stringify(await hub.command(path, 'GetConfiguration', {}))).toMatch(/x{620}/)
  },
  'J4 unknown properties': everyFrame(/"vendorExtension"/),
  'J5 enum words in lower case': async ({ hub, play, version }) => {
    await play()
    expect(payloads(hub, 'StatusNotification').map((p) => p.status ?? p.connectorStatus)).toContain('available')
    expect(JSON.stringify(payloads(hub, 'Authorize')[0])).toContain('1EA68671')
    if (version === 'ocpp2.0.1') expect(events(hub)[0]?.eventType).toBe('started')
  },
  'J5 a status that no schema knows': async ({ hub, station }) => {
    await station.connect()
    expect(payloads(hub, 'StatusNotification').map((p) => p.status ?? p.connectorStatus)).toEqual(['Error', 'Error'])
  },
  'J6 null where nothing is meant': everyFrame(/"vendorId":null/),
  'J6 null instead of an empty payload': async ({ hub, station }) => {
    await station.connect()
    await station.heartbeat()
    expect(texts(hub).at(-1)).toMatch(/"Heartbeat",null\]$/)
  },
  'J7 line breaks inside the JSON text': everyFrame(/\n\s+"/),
  'J7 a raw line break inside a text': async ({ hub, station }) => {
    await station.connect().catch(() => undefined)
    const [boot] = texts(hub)
    expect(boot).toMatch(/odel":"Sim ocpp[\d.]+\n"/)
    expect(() => JSON.parse(boot ?? '')).toThrow()
  },
  'J8 empty frames': async ({ hub, station }) => {
    await station.connect()
    expect(counted(texts(hub))['']).toBe(3)
  },
  'J9 a property twice': async ({ hub, station }) => {
    await station.connect()
    const [boot] = texts(hub)
    const key = boot?.match(/\{"([A-Za-z]+)":"overwritten"/)?.[1]
    expect(boot?.split(`"${key}":`).length).toBe(3)
    expect(JSON.stringify(JSON.parse(boot ?? ''))).not.toContain('overwritten')
  },
  'J10 message type 1': async ({ hub, station }) => {
    await station.connect()
    expect(texts(hub).filter((text) => text.startsWith('[1,'))).toHaveLength(3)
  },
  'J11 message ids restart at 1': async ({ hub, station }) => {
    await station.connect()
    await station.goOffline()
    await station.goOnline()
    expect(hub.calls.map((call) => call.messageId)).toEqual(['1', '2', '3', '1', '2', '3'])
  },
  'J12 one message id for everything': async ({ hub, play }) => {
    await play()
    expect(new Set(hub.calls.map((call) => call.messageId))).toEqual(new Set(['1']))
  },
  'J13 tag with a suffix': tagged('1EA68671_1'),
  'J13 tag with separators': tagged('1E:A6:86:71'),
  'J14 binary frames': async ({ hub, station }) => {
    await station.connect()
    expect(hub.frames.every((frame) => frame.binary)).toBe(true)
  },
  // The echo's library joins fragments before it hands them on: that they were joined rightly is what can be seen.
  'J14 fragmented frames': async ({ hub, station }) => {
    await station.connect()
    expect(hub.calls.map((call) => call.action)).toEqual([
      'BootNotification',
      'StatusNotification',
      'StatusNotification',
    ])
  },
  'W1 no subprotocol': handshake((seen) => expect(seen?.headers).not.toHaveProperty('sec-websocket-protocol')),
  'W2 several subprotocols': handshake((seen) =>
    expect(seen?.headers['sec-websocket-protocol']).toMatch(/^ocpp[\d.]+,ocpp/),
  ),
  'W4 trailing slash': handshake((seen) => expect(seen?.path).toBe('/ocpp/CA-303/')),
  'W4 double slash': handshake((seen) => expect(seen?.path).toBe('/ocpp//CA-303')),
  'W5 percent-encoded id': handshake((seen) => expect(seen?.path).toBe('/ocpp/%43%41%2d%33%30%33')),
  'W6 id in other case': handshake((seen) => expect(seen?.path).toBe('/ocpp/ca-303')),
  'W7 no pong': async ({ hub, station }) => {
    await station.connect()
    const answered = await hub.ping(50)
    expect(answered).toBe(false)
  },
  'W13 no boot on reconnect': async ({ hub, station }) => {
    await station.connect()
    await station.goOffline()
    expect(await station.goOnline()).toEqual({ kind: 'resumed' })
    expect(callsOf(hub, 'BootNotification')).toHaveLength(1)
  },
  'W14 boot repeated': async ({ hub, station }) => {
    await station.connect()
    expect(callsOf(hub, 'BootNotification')).toHaveLength(4)
  },
  'W15 status before the boot is accepted': async ({ hub, station }) => {
    await station.connect()
    expect(hub.calls.slice(0, 3).map((call) => call.action)).toEqual([
      'StatusNotification',
      'StatusNotification',
      'BootNotification',
    ])
  },
  'W16 two of our calls at once drop the socket': async ({ hub, station }) => {
    await station.connect()
    station.holdAnswers()
    void hub.command(path, 'ClearCache', {})
    void hub.command(path, 'ClearCache', {})
    await hub.until(() => hub.connected() === 0)
    expect(station.connected()).toBe(false)
  },
  'W18 unsupported action answered NotImplemented': async ({ hub, version, station }) => {
    await station.connect()
    const answer = await hub.command(path, version === 'ocpp1.6' ? 'GetConfiguration' : 'GetVariables', {})
    expect(answer[2]).toBe('NotImplemented')
  },
  'W18 unsupported action not answered': async ({ hub, version, station }) => {
    await station.connect()
    const before = hub.frames.length
    let answered = false
    void hub.command(path, version === 'ocpp1.6' ? 'GetConfiguration' : 'GetVariables', {}).then(() => {
      answered = true
    })
    await station.heartbeat()
    expect(hub.frames.length).toBe(before + 1)
    expect(answered).toBe(false)
  },
  'S2 remote start needs a connector': async ({ hub, station }) => {
    await station.connect()
    await station.plugIn(1)
    expect((await hub.command(path, 'RemoteStartTransaction', { idTag: 'A' }))[2]).toEqual({ status: 'Rejected' })
    expect((await hub.command(path, 'RemoteStartTransaction', { idTag: 'A', connectorId: 1 }))[2]).toEqual({
      status: 'Accepted',
    })
    await station.settled()
  },
  'S3 remote start accepted, nothing starts': async ({ hub, version, station }) => {
    await station.connect()
    await station.plugIn(1)
    const idToken = { idToken: 'A', type: 'Central' }
    const answer =
      version === 'ocpp1.6'
        ? await hub.command(path, 'RemoteStartTransaction', { idTag: 'A', connectorId: 1 })
        : await hub.command(path, 'RequestStartTransaction', { remoteStartId: 1, idToken })
    await station.settled()
    expect(answer[2]).toEqual({ status: 'Accepted' })
    expect(callsOf(hub, 'StartTransaction', 'TransactionEvent')).toEqual([])
  },
  'S7 Finishing with an error code': async ({ hub, play }) => {
    await play()
    const finishing = payloads(hub, 'StatusNotification').find((payload) => payload.status === 'Finishing')
    expect(finishing?.errorCode).toBe('OtherError')
  },
  'S19 start without Authorize': async ({ hub, version, play }) => {
    await play()
    expect(callsOf(hub, 'Authorize')).toEqual([])
    expect(callsOf(hub, startOf(version)).length).toBeGreaterThan(0)
  },
  'R1 tag in lower case': tagged('1ea68671'),
  'R3 tag bytes reversed': tagged('7186A61E'),
  // 1E xor A6 xor 86 xor 71
  'R3 tag with its check byte': tagged('1EA686714F'),
  'R4 four-byte tag padded with zeros': tagged('1EA68671000000'),
  'X1 password as raw bytes': handshake((seen) => {
    const bytes = Buffer.from(String(seen?.headers.authorization).replace('Basic ', ''), 'base64')
    expect(bytes).toEqual(Buffer.concat([Buffer.from('CA-303:'), Buffer.from([0x00, 0xff, 0x41])]))
  }),
  'X2 four calls outstanding': async ({ hub, version, station, playOffline }) => {
    const open: string[] = []
    hub.answer.set(startOf(version), (_, call) => {
      open.push(call.messageId)
      return undefined
    })
    await playOffline()
    const queued = callsOf(hub, 'StartTransaction', 'MeterValues', 'TransactionEvent')
    expect(queued.length).toBeGreaterThan(3)
    // The begin cannot have been answered before its three followers left: they carry no number of the hub's.
    if (version === 'ocpp1.6') {
      for (const { payload } of queued.slice(1, 4)) expect(payload).not.toHaveProperty('transactionId')
    }
    expect(station.outbox.size()).toBe(0)
  },
  'X5 seqNo always 0': async ({ hub, play }) => {
    await play()
    expect(new Set(seqNos(hub))).toEqual(new Set([0]))
  },
  'X6 kWh without a unit': async ({ hub, play }) => {
    await play()
    expect(registers(hub).slice(1, 3)).toEqual([1001.5, 1003])
    for (const text of samples(hub)) expect(text).not.toMatch(/Energy[A-Za-z.]+","unit/)
  },
  'X6 Wh and kWh mixed in one session': async ({ hub, play }) => {
    await play()
    expect(registers(hub).slice(0, 3)).toEqual([baseWh, 1001.5, baseWh + 3000])
  },
  'X12 answers nobody asked for': async ({ hub, station }) => {
    await station.connect()
    await station.heartbeat()
    expect(texts(hub).at(-1)).toBe('[3,"nobody-asked",{}]')
  },
  '- no status notifications': async ({ hub, play }) => {
    await play()
    expect(callsOf(hub, 'StatusNotification')).toEqual([])
  },
}

function everyFrameWithTime(pattern: RegExp): Check {
  return async ({ hub, play }) => {
    await play()
    const timed = texts(hub).filter((text) => text.includes('"timestamp"'))
    expect(timed.length).toBeGreaterThan(5)
    for (const text of timed) expect(text).toMatch(pattern)
  }
}

describe('each deviation is on the wire', () => {
  for (const { row, title, versions, quirks } of quirkRows) {
    for (const version of versions) {
      it(`${version} ${row} ${title}`, async () => {
        const check = checks[`${row} ${title}`]
        if (!check) throw new Error('no check for this deviation')
        await withHub(async (hub) => {
          const one = bench(hub, version, quirks, { callTimeoutMs: 300 })
          const play = async () => {
            await one.station.connect()
            await playSession(one)
          }
          const offline = async () => {
            await one.station.connect()
            await playOffline(one)
          }
          await check({ ...one, hub, version, play, playOffline: offline })
          await one.station.close()
        })
      })
    }
  }

  it('checks nothing that no longer exists', () => {
    const known = new Set(quirkRows.map(({ row, title }) => `${row} ${title}`))
    expect(Object.keys(checks).filter((name) => !known.has(name))).toEqual([])
  })
})

// Owns the proof of the page's modules that need no browser: files, the event stream's text, amounts, the clock, the state of a bay.
import { afterEach, describe, expect, test, vi } from 'vitest'

/** The page is plain JavaScript, so its modules come without types. */
const module = (name: string) => import(new URL(`../../../plugins/dashboard/assets/${name}`, import.meta.url).href)

const { csvText } = await module('csv.js')
const { reader } = await module('event-stream.js')
const { kwhText, majorText, shortSpan, siteTimes, span } = await module('formats.js')
const { hubClock } = await module('hub-clock.js')
const { addDays, instantOfField, instantOfWall } = await module('local-time.js')
const { nearestPlace, placesOf } = await module('json-places.js')
const { daysOfSpan } = await module('report-span.js')
const { differences, withValue } = await module('rules-change.js')
const { csvOfCells, csvRows, readTableFile, textOfFile } = await module('table-file.js')
const { readTariff } = await module('tariff-import.js')
const { bayView, clocks, overstayMs, stayName, staysByBay } = await module('bay-state.js')

afterEach(() => vi.restoreAllMocks())

test.each([
  [undefined, '2026-03-11', '2026-03-01', '2026-03-11'],
  ['today', '2026-03-11', '2026-03-11', '2026-03-11'],
  ['yesterday', '2026-03-01', '2026-02-28', '2026-02-28'],
  ['week', '2026-03-11', '2026-03-09', '2026-03-11'],
  ['week', '2026-03-09', '2026-03-09', '2026-03-09'],
  ['week', '2026-03-15', '2026-03-09', '2026-03-15'],
  ['lastWeek', '2026-03-15', '2026-03-02', '2026-03-08'],
  ['lastMonth', '2026-01-31', '2025-12-01', '2025-12-31'],
  ['lastMonth', '2024-03-31', '2024-02-01', '2024-02-29'],
])('the span %s on %s goes from %s to %s', (span, today, from, to) => {
  expect(daysOfSpan({ span }, today)).toEqual({ from, to })
})

test('days that a person chose may lack one end', () => {
  expect(daysOfSpan({ span: 'days', from: '2026-03-01' }, '2026-03-11')).toEqual({
    from: '2026-03-01',
    to: '2026-03-01',
  })
  expect(daysOfSpan({ span: 'days', to: '2026-03-02' }, '2026-03-11')).toEqual({ from: '2026-03-02', to: '2026-03-02' })
  expect(daysOfSpan({ span: 'days' }, '2026-03-11')).toEqual({ from: '2026-03-11', to: '2026-03-11' })
})

describe('a file', () => {
  const columns = [
    { label: 'Car', csv: (row: { car: unknown }) => row.car },
    { label: 'Shown only' },
    { label: 'Energy', csvLabel: 'Energy (kWh)', csv: () => '1.500' },
  ]
  const lines = (...cars: unknown[]) =>
    csvText(
      columns,
      cars.map((car) => ({ car })),
    ).split('\r\n')

  test('has a head, and only the columns meant for it', () => {
    expect(lines('B-WA 1')).toEqual(['Car,Energy (kWh)', 'B-WA 1,1.500', ''])
  })

  test('keeps commas, quotes, line ends and spaces', () => {
    expect(lines('a,b', 'a"b', 'a\nb', ' a', null).slice(1, -1)).toEqual([
      '"a,b",1.500',
      '"a""b",1.500',
      '"a\nb",1.500',
      '" a",1.500',
      ',1.500',
    ])
  })

  test('never holds a formula', () => {
    const bad = ['=1+1', '+1', '@SUM(A1)', '-A1', '\t=1']
    for (const line of lines(...bad).slice(1, -1)) expect(line.replace(/^"/, '')).toMatch(/^'/)
    expect(lines('-12.50')[1]).toBe('-12.50,1.500')
  })
})

describe('a file that a person gives', () => {
  test('is read with its quotes, line ends and marks, and sent on in pieces that say the same', () => {
    const text = 'a;"b;c";d\r\n1;"x ""y""\nz";\r\n;;\r\n2;3;4'
    const rows = [
      ['a', 'b;c', 'd'],
      ['1', 'x "y"\nz', ''],
      ['2', '3', '4'],
    ]
    expect(csvRows(text)).toEqual(rows)
    expect(csvRows(csvOfCells(rows))).toEqual(rows)
    expect(csvRows('a,b\n"1')).toEqual([['a', 'b'], ['1']])
    expect([csvRows(''), csvRows('a\tb')]).toEqual([[], [['a', 'b']]])
  })

  test.each([
    ['a list', '[{"id":1,"x":"y"},{"id":2}]'],
    ['one for each line', '{"id":1,"x":"y"}\n{"id":2}\n'],
    ['the answer of an interface', '{"data":[{"id":1,"x":"y"},{"id":2}],"status_code":1000}'],
  ])('may be JSON: %s', (_, text) => {
    expect(readTableFile(text)).toEqual({
      columns: ['id', 'x'],
      rows: [
        ['1', 'y'],
        ['2', ''],
      ],
      lines: [{ id: 1, x: 'y' }, { id: 2 }],
    })
  })

  test('says that it is no JSON, and leaves odd records to the hub', () => {
    expect(() => readTableFile('{"id":')).toThrow('This is no JSON')
    expect(readTableFile('[null, 7, "x"]').lines).toEqual([null, 7, 'x'])
    expect(readTableFile('')).toEqual({ columns: [], rows: [], lines: null })
  })

  test('is UTF-8, or else as Windows writes it', async () => {
    const utf8 = new Blob(['\ufeffSüd;5'])
    const windows = new Blob([new Uint8Array([0x53, 0xfc, 0x64, 0x3b, 0x35])])
    expect([await textOfFile(utf8), await textOfFile(windows)]).toEqual(['Süd;5', 'Süd;5'])
  })
})

describe('the stream', () => {
  const read = (...pieces: string[]) => {
    const got: { id: string | null; data: string }[] = []
    const feed = reader((message: { id: string | null; data: string }) => got.push(message))
    for (const piece of pieces) feed(piece)
    return got
  }

  test('is read in any pieces', () => {
    const text =
      'retry: 3000\n: hello\n\nid: a\nevent: stay.opened\ndata: {"x":1}\n\nid: b\r\ndata: 1\r\ndata: 2\r\n\r\n'
    const whole = [
      { id: 'a', data: '{"x":1}' },
      { id: 'b', data: '1\n2' },
    ]
    expect(read(text)).toEqual(whole)
    expect(read(...text)).toEqual(whole)
    for (let cut = 1; cut < text.length; cut++) expect(read(text.slice(0, cut), text.slice(cut))).toEqual(whole)
  })

  test('remembers a place without data, and gives no comment', () => {
    expect(read(': still here\nid: c\n\n')).toEqual([{ id: 'c', data: '' }])
    expect(read(': nothing\n\n: nothing\n\n')).toEqual([])
  })
})

describe('amounts', () => {
  test('are cut, not divided', () => {
    expect([0, 5, 1250, -5, 9007199254740991].map((minor) => majorText(minor, 'EUR'))).toEqual([
      '0.00',
      '0.05',
      '12.50',
      '-0.05',
      '90071992547409.91',
    ])
    expect([majorText(1250, 'JPY'), majorText(1250, 'KWD')]).toEqual(['1250', '1.250'])
    expect([0, 7, 1234, -1].map((wh) => kwhText(wh))).toEqual(['0.000', '0.007', '1.234', '-0.001'])
  })

  test('of time are short', () => {
    const [second, hour] = [1000, 3_600_000]
    expect([45 * second, 42 * 60 * second, 2 * hour + 5 * 60 * second, 76 * hour].map(span)).toEqual([
      '45 s',
      '42 min',
      '2 h 05 min',
      '3 d 4 h',
    ])
    expect([42 * 60 * second, 2 * hour, -5].map(shortSpan)).toEqual(['0:42', '2:00', '0:00'])
  })
})

describe('times', () => {
  test('are those of the site, in files with their offset, on both sides of a clock change', () => {
    const berlin = siteTimes('Europe/Berlin')
    expect(berlin.exact('2026-03-29T00:59:59Z')).toBe('2026-03-29 01:59:59+01:00')
    expect(berlin.exact('2026-03-29T01:00:00Z')).toBe('2026-03-29 03:00:00+02:00')
    expect(berlin.day(Date.parse('2026-03-10T23:30:00Z'))).toBe('2026-03-11')
    expect(siteTimes('UTC').exact('2026-03-10T00:00:00Z')).toBe('2026-03-10 00:00:00+00:00')
  })

  test('run at the speed of the hub', () => {
    let real = 0
    vi.spyOn(performance, 'now').mockImplementation(() => real)
    const clock = hubClock()
    const at = (seconds: number) => new Date(Date.UTC(2026, 2, 10) + seconds * 1000).toISOString()
    clock.heard(at(0))
    real = 10_000
    clock.heard(at(10.4))
    expect([clock.rate(), new Date(clock.now()).toISOString()]).toEqual([1, at(10.4)])
    real = 20_000
    clock.heard(at(6010.4))
    expect(clock.rate()).toBe(600)
    real = 21_000
    expect(new Date(clock.now()).toISOString()).toBe(at(6610.4))
    // A hub whose clock stands still, or was set back.
    real = 30_000
    clock.heard(at(6010.4))
    expect(clock.rate()).toBe(0)
    real = 40_000
    clock.heard(at(100))
    expect([clock.rate(), new Date(clock.now()).toISOString()]).toEqual([1, at(100)])
  })
})

describe('a session has three clocks', () => {
  const now = Date.parse('2026-03-10T15:00:00Z')
  const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString()
  const session = (more: object) => ({
    state: 'active',
    pluggedAt: at(100),
    unpluggedAt: null,
    chargingSeconds: 0,
    idleSeconds: 0,
    periods: [],
    ...more,
  })
  const stay = { enteredAt: at(110), exitedAt: null }
  const minutes = (ms: number | null) => (ms === null ? null : ms / 60_000)

  test('that go on while it does', () => {
    const charging = session({ chargingSeconds: 90 * 60, periods: [{ from: at(95), to: at(5), state: 'charging' }] })
    const told = clocks(charging, stay, now)
    expect([told.stayMs, told.pluggedMs, told.energisingMs, told.idleMs].map(minutes)).toEqual([110, 100, 95, 0])
  })

  test('idling counts only after energy has flowed, and not when the station holds it back', () => {
    const periods = (state: string) => [
      { from: at(95), to: at(40), state: 'charging' },
      { from: at(40), to: at(10), state },
    ]
    const idle = (state: string) => {
      const told = clocks(
        session({
          chargingSeconds: 55 * 60,
          idleSeconds: state === 'suspended_station' ? 0 : 30 * 60,
          periods: periods(state),
        }),
        stay,
        now,
      )
      return [told.isIdle, minutes(told.idleMs)]
    }
    expect(idle('suspended_vehicle')).toEqual([true, 40])
    expect(idle('suspended_station')).toEqual([false, 0])
    expect(clocks(session({ periods: [{ from: at(95), to: at(10), state: 'finished' }] }), stay, now).isIdle).toBe(
      false,
    )
  })

  test('of which the one that nobody has told stays open', () => {
    expect(clocks(session({}), null, now)).toMatchObject({ stayMs: null, energisingMs: null, isIdle: false })
    const told = clocks(session({}), null, now, { status: 'suspended_vehicle', since: at(12) })
    expect([told.isIdle, minutes(told.idleMs)]).toEqual([true, 12])
  })

  test('that stand still once it is closed', () => {
    const closed = session({
      state: 'closed',
      unpluggedAt: at(30),
      chargingSeconds: 60 * 60,
      idleSeconds: 600,
      periods: [{ from: at(100), to: at(30), state: 'finished' }],
    })
    const told = clocks(closed, { enteredAt: at(110), exitedAt: at(20) }, now)
    expect([told.stayMs, told.pluggedMs, told.energisingMs, told.idleMs].map(minutes)).toEqual([90, 70, 60, 10])
  })
})

describe('a bay', () => {
  const now = Date.parse('2026-03-10T15:00:00Z')
  const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString()
  const evse = (status: string, connected = true) => ({ stationId: 's', number: 1, status, connected })
  const running = { sessionId: 'x', pluggedAt: at(60), energyWh: 5000, powerW: 7400, stayId: 'y', linkState: 'linked' }
  const view = (bay: object, more: object = {}) =>
    bayView(
      { code: 'A-1', kind: 'ev', car: null, evses: [evse('available')], session: null, ...bay },
      { now, overstay: 3_600_000, ...more },
    )
  const ended = (idle: number) => ({
    state: 'ended',
    pluggedAt: at(200),
    unpluggedAt: null,
    chargingSeconds: 600,
    idleSeconds: 0,
    periods: [
      { from: at(200), to: at(idle), state: 'charging' },
      { from: at(idle), to: at(idle), state: 'finished' },
    ],
  })

  test.each([
    ['free', {}],
    ['charging', { evses: [evse('charging')], session: running }],
    ['charging', { evses: [evse('occupied')], session: running }],
    ['charging', { evses: [evse('unknown')], session: running }],
    ['plugged', { evses: [evse('occupied')], session: { ...running, powerW: 0 } }],
    ['plugged', { evses: [evse('preparing')] }],
    ['idle', { evses: [evse('suspended_vehicle')], session: running }],
    ['paused', { evses: [evse('suspended_station')], session: running }],
    ['fault', { evses: [evse('charging'), evse('faulted')], session: running }],
    ['offline', { evses: [evse('charging', false)], session: running }],
    ['parked', { car: { occupied: true, since: at(5) } }],
    ['reserved', { evses: [evse('reserved')] }],
    ['blocked', { evses: [evse('unavailable')] }],
    ['unknown', { evses: [evse('unknown')] }],
    ['free', { evses: [], car: { occupied: false, since: at(5) } }],
    ['bare', { evses: [] }],
  ])('is %s', (kind, bay) => {
    expect(view(bay).kind).toBe(kind)
  })

  test('is overstayed when the cable stays in for long', () => {
    const bay = { evses: [evse('finishing')], session: running }
    expect(view(bay, { session: ended(30) })).toMatchObject({ kind: 'idle', idleMs: 30 * 60_000 })
    expect(view(bay, { session: ended(90) })).toMatchObject({ kind: 'overstay', idleMs: 90 * 60_000 })
    expect([
      overstayMs({ settings: {} }),
      overstayMs({ settings: { overstayMinutes: 15 } }),
      overstayMs({ settings: { overstayMinutes: 'x' } }),
    ]).toEqual([3_600_000, 900_000, 3_600_000])
  })

  test('says whose car it is, or that nobody knows yet', () => {
    const link = (session: object) => view({ session: { ...running, ...session } }).link
    expect([
      link({}),
      link({ stayId: null, linkState: 'review' }),
      link({ stayId: null, linkState: null }),
      view({}).link,
    ]).toEqual(['linked', 'review', 'none', null])
  })

  test('without a sensor is where its car was seen last', () => {
    const stays = [
      { stayId: '1', plate: 'OLD', bays: [{ at: at(50), bay: 'A-1' }] },
      {
        stayId: '2',
        plate: 'NEW',
        bays: [
          { at: at(90), bay: 'A-2' },
          { at: at(10), bay: 'A-1' },
          { at: at(5), bay: null },
        ],
      },
    ]
    const stay = staysByBay(stays).get('A-1')
    expect(stay.plate).toBe('NEW')
    expect(view({ evses: [] }, { stay }).kind).toBe('parked')
    expect(view({ evses: [], car: { occupied: false, since: at(1) } }, { stay }).kind).toBe('free')
  })

  test('calls a car by plate, else by what it showed', () => {
    const shown = (...presentations: object[]) => stayName({ plate: null, stayRef: null, presentations })
    expect(stayName({ plate: 'B-WA 1', presentations: [] })).toBe('B-WA 1')
    expect(shown({ kind: 'card', raw: '04A1B2C3D4E5F6' }, { kind: 'ticket', raw: '12345' })).toBe('Ticket 12345')
    expect(shown({ kind: 'card', raw: '04A1B2C3D4E5F6' })).toBe('Card …D4E5F6')
    expect([shown(), stayName(null)]).toEqual([null, null])
  })
})

describe('a time on the wall of the site', () => {
  test('is an instant, on both sides of a clock change, in a left out and in a double hour', () => {
    const berlin = (date: string, time: string) => instantOfWall(date, time, 'Europe/Berlin')
    expect(berlin('2026-03-29', '01:45')).toBe('2026-03-29T00:45:00.000Z')
    expect(berlin('2026-03-29', '02:30')).toBe('2026-03-29T01:30:00.000Z')
    expect(berlin('2026-03-29', '03:00')).toBe('2026-03-29T01:00:00.000Z')
    expect(berlin('2026-10-25', '02:30')).toBe('2026-10-25T00:30:00.000Z')
    expect(berlin('2026-10-25', '03:00')).toBe('2026-10-25T02:00:00.000Z')
    expect([berlin('', '02:30'), berlin('2026-01-01', '')]).toEqual([null, null])
    expect(instantOfField('2026-07-01T12:00', 'America/Los_Angeles')).toBe('2026-07-01T19:00:00.000Z')
    expect([instantOfField('', 'UTC'), addDays('2026-02-28', 1), addDays('2026-01-01', -1)]).toEqual([
      null,
      '2026-03-01',
      '2025-12-31',
    ])
  })
})

describe('rules', () => {
  const rules = { scope: 'charging', energy: { price: '0.39', windows: [{ from: '1' }, { from: '2' }] } }

  test('are changed in a copy, by place', () => {
    expect(withValue(rules, ['energy', 'windows', 1, 'from'], '3').energy.windows).toEqual([
      { from: '1' },
      { from: '3' },
    ])
    expect(withValue(rules, ['energy', 'windows', 0], undefined).energy.windows).toEqual([{ from: '2' }])
    expect(withValue(rules, ['energy'], undefined)).toEqual({ scope: 'charging' })
    expect(withValue(rules, ['idle', 'price'], '1').idle).toEqual({ price: '1' })
    expect(Object.keys(withValue(rules, ['scope'], 'parking'))).toEqual(['scope', 'energy'])
    expect(rules.energy.windows).toHaveLength(2)
  })

  test('are told apart value by value', () => {
    const next = { scope: 'charging', energy: { price: '0.40', windows: [{ from: '1' }] }, 'a/b': 1 }
    expect(differences(rules, next)).toEqual([
      { pointer: '/energy/price', before: '0.39', after: '0.40' },
      { pointer: '/energy/windows/1', before: { from: '2' }, after: undefined },
      { pointer: '/a~1b', before: undefined, after: 1 },
    ])
    expect(differences(rules, structuredClone(rules))).toEqual([])
  })

  test('have places in their text', () => {
    const text = '{ "a/b": [1, {"x": "\\"}"}, []],\n "c": {} , "d":true}'
    const places = placesOf(text)
    const at = (pointer: string) => text.slice(...(places.get(pointer) as [number, number]))
    expect(['/a~1b/0', '/a~1b/1/x', '/a~1b/2', '/c', '/d'].map(at)).toEqual(['1', '"\\"}"', '[]', '{}', 'true'])
    expect(nearestPlace(places, '/a~1b/1/y/z')).toEqual(places.get('/a~1b/1'))
    expect(nearestPlace(places, '/nowhere')).toEqual([0, text.length])
  })

  test('of others are known by what they look like', () => {
    const ocpi = { id: 'A', currency: 'EUR', elements: [] }
    const read = (value: unknown) => readTariff(JSON.stringify(value))
    expect(read(ocpi)).toMatchObject({ engine: 'tariff-ocpi', code: 'A', rules: { edition: '2.1.1', tariff: ocpi } })
    expect(read({ data: [{ ...ocpi, country_code: 'DE' }] }).rules.edition).toBe('2.2.1')
    expect(read({ ...ocpi, tax_included: 'YES' }).rules.edition).toBe('2.3.0')
    expect(read({ tariffId: 'B', currency: 'EUR' })).toMatchObject({ engine: 'tariff-ocpp', code: 'B' })
    expect(read({ scope: 'parking', bands: [] })).toMatchObject({ engine: 'tariff-standard', scope: 'parking' })
    for (const bad of [null, 4, [], [ocpi, ocpi], {}, 'x']) expect(() => read(bad)).toThrow()
    expect(() => readTariff('{')).toThrow(SyntaxError)
  })
})

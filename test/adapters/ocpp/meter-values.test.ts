// Owns the tests of meter values as chargers really send them: catalogue rows M1 to M20, and the exact arithmetic of units.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasFraction, scaled } from '../../../adapters/ocpp/scaled-number.ts'
import type { MeterReported, TransactionReported } from '../../../core/plugin/index.ts'
import { type Station, startHub, startOfTest, type TestHub } from './hub.ts'

let hub: TestHub
let station: Station
beforeAll(async () => {
  hub = await startHub()
  station = await hub.station('CP')
})
afterAll(() => hub.stop())

const timestamp = '2025-06-01T12:00:00Z'
const time = { at: startOfTest, device: startOfTest }

/** Sends one MeterValues and gives the samples that came of it, with the codes that were counted. */
async function read(sampledValue: unknown, from: Station = station, code = 'CP') {
  const before = hub.port.codesOf(code).length
  await from.ask('MeterValues', { connectorId: 1, transactionId: 5, meterValue: [{ timestamp, sampledValue }] })
  const fact = hub.port.factsOf(code).at(-1) as MeterReported
  return { samples: fact.samples, codes: hub.port.codesOf(code).slice(before) }
}

const lastTransaction = () => hub.port.factsOf('CP').at(-1) as TransactionReported

test('M1 meterValue and sampledValue as objects', async () => {
  await station.ask('MeterValues', {
    connectorId: 1,
    transactionId: 5,
    meterValue: { timestamp, sampledValue: { value: '42' } },
  })
  expect(hub.port.factsOf('CP').at(-1)).toMatchObject({ samples: [{ registerWh: 42 }] })
  expect(hub.port.codesOf('CP')).toContain('M1')
})

test('M2 no sampled values', async () => {
  expect(await read([])).toEqual({ samples: [], codes: ['M2'] })
  expect((await read([{ value: '' }, { value: '7' }])).samples).toMatchObject([{ registerWh: 7 }])
})

test('M3 numeric values', async () => {
  const { samples, codes } = await read([
    { value: 1234 },
    { value: 7.36, measurand: 'Power.Active.Import', unit: 'kW' },
  ])
  expect(samples).toEqual([{ time, context: 'periodic', registerWh: 1234, powerW: 7360 }])
  expect(codes).toEqual(['M3'])
})

test('M3 numbers as text in 2.0.1', async () => {
  const newer = await hub.station('CS', 'ocpp2.0.1')
  const sampledValue = [{ value: '12.5', unitOfMeasure: { unit: 'kWh', multiplier: '0' } }]
  await newer.ask('MeterValues', { evseId: 1, meterValue: [{ timestamp, sampledValue }] })
  expect(hub.port.factsOf('CS').at(-1)).toMatchObject({ samples: [{ registerWh: 12_500 }] })
})

describe('M4 kWh labelled Wh', () => {
  test('a small value with decimals is marked, the value is left', async () => {
    expect(await read([{ value: '361.27', unit: 'Wh' }])).toEqual({
      samples: [{ time, context: 'periodic', registerWh: 361, registerIfKwhWh: expect.any(Number) }],
      codes: ['M4'],
    })
    expect((await read([{ value: '361.00' }])).samples[0]).not.toHaveProperty('registerIfKwhWh')
    expect((await read([{ value: '12345.6' }])).samples[0]).toMatchObject({ registerIfKwhWh: 12_345_600 })
  })

  test('a model known for it is scaled by its profile', async () => {
    const known = await hub.station('SCALE', 'ocpp1.6', { vendor: 'OpenEVSE', firmware: '4.2.2' })
    const { samples, codes } = await read([{ value: '361', unit: 'Wh' }], known, 'SCALE')
    expect(samples).toEqual([{ time, context: 'periodic', registerWh: 361_000 }])
    expect(codes).toEqual(['M4', 'flag:energyScale'])
    await known.ask('StartTransaction', { connectorId: 1, idTag: 'A', meterStart: 361, timestamp })
    expect(hub.port.factsOf('SCALE').at(-1)).toMatchObject({ registerWh: 361_000 })
  })
})

test('M5, M6, M7, M10, X6 registers are passed on as they are, whatever they did before', async () => {
  for (const value of ['900', '0', '7000000', '12']) {
    expect((await read([{ value }])).samples).toMatchObject([{ registerWh: Number(value) }])
  }
})

test('M8 meterStop -1 or missing, meterStart missing', async () => {
  await station.ask('StopTransaction', { transactionId: 5, meterStop: -1, timestamp })
  expect(lastTransaction()).not.toHaveProperty('registerWh')
  await station.ask('StopTransaction', { transactionId: 5, timestamp })
  expect(lastTransaction()).not.toHaveProperty('registerWh')
  await station.ask('StartTransaction', { connectorId: 1, idTag: 'A', timestamp })
  expect(lastTransaction()).not.toHaveProperty('registerWh')
  expect(hub.port.codesOf('CP').filter((code) => code === 'M8')).toHaveLength(3)
})

test('M9 negative energy is no register; a stop below the start is passed on', async () => {
  const { samples, codes } = await read([{ value: '-5' }])
  expect(samples).toEqual([{ time, context: 'periodic', extra: { 'Energy.Active.Import.Register': '-5' } }])
  expect(codes).toEqual(['M9'])
  await station.ask('StopTransaction', { transactionId: 5, meterStop: -500, timestamp })
  expect(lastTransaction()).not.toHaveProperty('registerWh')
  await station.ask('StopTransaction', { transactionId: 5, meterStop: 1, timestamp })
  expect(lastTransaction()).toMatchObject({ registerWh: 1 })
})

test('M11, M12 contexts are told, and one sample made per context', async () => {
  const { samples } = await read([
    { value: '1', context: 'Transaction.Begin' },
    { value: '2', context: 'Sample.Clock' },
    { value: '3', context: 'Interruption.Begin' },
    { value: '4', context: 'Trigger' },
    { value: '5', context: 'Other' },
    { value: '6', context: 'Sample.Weekly' },
    { value: '230', measurand: 'Voltage', context: 'Sample.Clock' },
  ])
  expect(samples.map(({ context, registerWh }) => [context, registerWh])).toEqual([
    ['begin', 1],
    ['clock', 2],
    ['interruption', 3],
    ['trigger', 4],
    ['other', 6],
  ])
  expect(samples[1]).toMatchObject({ voltageMv: 230_000 })
})

describe('2.x registers of a transaction', () => {
  const event = (eventType: string, values: [value: number, context: string][]) => ({
    eventType,
    timestamp,
    triggerReason: 'Trigger',
    seqNo: 1,
    transactionInfo: { transactionId: 'tx' },
    meterValue: values.map(([value, context]) => ({ timestamp, sampledValue: [{ value, context }] })),
  })
  test.each([
    [
      'Ended',
      [
        [5, 'Transaction.Begin'],
        [9, 'Transaction.End'],
      ],
      9,
    ],
    [
      'Ended',
      [
        [5, 'Sample.Clock'],
        [9, 'Sample.Clock'],
      ],
      9,
    ],
    [
      'Started',
      [
        [5, 'Sample.Clock'],
        [9, 'Sample.Clock'],
      ],
      5,
    ],
    [
      'Started',
      [
        [4, 'Sample.Clock'],
        [5, 'Transaction.Begin'],
      ],
      5,
    ],
    ['Updated', [[5, 'Sample.Clock']], undefined],
  ] as [string, [number, string][], number | undefined][])('M11 %s %j', async (type, values, register) => {
    const code = `M11-${Math.abs(JSON.stringify([type, values]).length)}-${type}-${register}`
    const newer = await hub.station(code, 'ocpp2.0.1')
    await newer.ask('TransactionEvent', event(type, values))
    expect((hub.port.factsOf(code).at(-1) as TransactionReported).registerWh).toBe(register)
  })
})

test('M13, M14 power derived from current and voltage where the profile says so', async () => {
  const plain = [
    { value: '16', measurand: 'Current.Import', phase: 'L1' },
    { value: '16', measurand: 'Current.Import', phase: 'L2' },
    { value: '10', measurand: 'Current.Import', phase: 'L3' },
    { value: '230', measurand: 'Voltage', phase: 'L1-N' },
    { value: '231', measurand: 'Voltage', phase: 'L2-N' },
    { value: '229', measurand: 'Voltage', phase: 'L3-N' },
  ]
  expect((await read(plain)).samples[0]).not.toHaveProperty('powerW')
  const derived = await hub.station('DERIVE', 'ocpp1.6', { settings: { powerDerivation: true } })
  expect(await read(plain, derived, 'DERIVE')).toMatchObject({
    samples: [{ powerW: 9_666 }],
    codes: ['M13', 'flag:powerDerivation'],
  })
  const totals = [
    { value: '32', measurand: 'Current.Import' },
    { value: '230', measurand: 'Voltage' },
  ]
  expect((await read(totals, derived, 'DERIVE')).samples).toMatchObject([{ powerW: 7_360 }])
  expect((await read(plain.slice(0, 3), derived, 'DERIVE')).samples[0]).not.toHaveProperty('powerW')
})

test('M15 Celsius in all its spellings', async () => {
  for (const unit of ['Celcius', 'Celsius', 'celsius', 'C', '°C']) {
    const { samples } = await read([{ value: '31', measurand: 'Temperature', unit }])
    expect(samples[0]?.extra?.Temperature).toMatch(/^31 (Celsius|Celcius)$/)
  }
  expect(hub.port.codesOf('CP')).toContain('M15')
})

test('M16 unknown units and measurands pass as sent', async () => {
  const { samples, codes } = await read([
    { value: '50.01', measurand: 'Frequency', unit: 'Hertz' },
    { value: '7', measurand: 'Mood.Of.Driver' },
    { value: '5', measurand: 'Energy.Active.Import.Register', unit: 'BTU' },
  ])
  expect(samples).toEqual([
    {
      time,
      context: 'periodic',
      extra: { Frequency: '50.01 Hertz', 'Mood.Of.Driver': '7', 'Energy.Active.Import.Register': '5 BTU' },
    },
  ])
  expect(new Set(codes)).toEqual(new Set(['M16']))
})

test('M17 current in mA, power in kW, energy in kWh and MWh, in any case', async () => {
  expect((await read([{ value: '15900', measurand: 'Current.Import', unit: 'mA' }])).samples).toMatchObject([
    { currentMa: 15_900 },
  ])
  expect((await read([{ value: '1.5', unit: 'MWh' }])).samples).toMatchObject([{ registerWh: 1_500_000 }])
  expect((await read([{ value: '1.2345', unit: 'KWH' }])).samples).toMatchObject([{ registerWh: 1_235 }])
})

test('M18 connector 0 is the meter of the station', async () => {
  await station.ask('MeterValues', { connectorId: 0, meterValue: [{ timestamp, sampledValue: [{ value: '9' }] }] })
  expect(hub.port.factsOf('CP').at(-1)).toEqual({
    kind: 'meter',
    evse: 0,
    samples: [{ time, context: 'periodic', registerWh: 9 }],
  })
})

test('M21 values that are no numbers pass as sent', async () => {
  const { samples, codes } = await read([{ value: 'NaN' }, { value: '1,5', unit: 'kWh' }])
  expect(samples).toEqual([
    { time, context: 'periodic', registerWh: 1_500, extra: { 'Energy.Active.Import.Register': 'NaN' } },
  ])
  expect(codes).toEqual(['M21'])
})

test.each(['İ', 'NaN', '1e999', '-1', '55 %%', '0x10'])(
  'M21 a state of charge of "%s" passes as sent',
  async (value) => {
    const { samples, codes } = await read([{ value: '9' }, { value, measurand: 'SoC' }])
    expect(samples).toEqual([{ time, context: 'periodic', registerWh: 9, extra: { SoC: value } }])
    expect(codes).toContain('M21')
  },
)

test('a state of charge stays exact', async () => {
  const { samples } = await read([{ value: ' 55,25 ', measurand: 'SoC', unit: 'Percent' }])
  expect(samples).toEqual([{ time, context: 'periodic', soc: '55.25' }])
})

test('phases: energy and power add up, the highest current counts, a total wins', async () => {
  const phases = (measurand: string, values: string[], suffix = '') =>
    values.map((value, i) => ({ value, measurand, phase: `L${i + 1}${suffix}` }))
  const { samples } = await read([
    ...phases('Energy.Active.Import.Register', ['100', '200', '300']),
    ...phases('Power.Active.Import', ['1000', '2000', '3000']),
    ...phases('Current.Import', ['5', '16.25', '9']),
    ...phases('Voltage', ['230', '231', '232'], '-N'),
  ])
  expect(samples).toMatchObject([{ registerWh: 600, powerW: 6000, currentMa: 16_250, voltageMv: 230_000 }])
  expect(samples[0]?.extra?.['Current.Import.L2']).toBe('16.25')
  const { samples: withTotal } = await read([
    { value: '601' },
    ...phases('Energy.Active.Import.Register', ['100', '200']),
  ])
  expect(withTotal).toMatchObject([{ registerWh: 601 }])
})

test('the outlet wins over the inlet; the inlet alone counts', async () => {
  const inlet = { value: '1100', location: 'Inlet' }
  const outlet = { value: '1000', location: 'Outlet' }
  for (const order of [
    [inlet, outlet],
    [outlet, inlet],
  ]) {
    expect((await read(order)).samples).toMatchObject([
      { registerWh: 1000, extra: { 'Energy.Active.Import.Register@Inlet': '1100' } },
    ])
  }
  expect((await read([inlet])).samples).toMatchObject([{ registerWh: 1100 }])
})

test('signed data is evidence, not a number', async () => {
  const value = 'OCMF|{"FV":"1.0"}|{"SD":"30"}'
  const { samples } = await read([{ value, format: 'SignedData', context: 'Transaction.End' }])
  expect(samples).toEqual([
    { time, context: 'end', signed: [{ measurand: 'Energy.Active.Import.Register', data: value }] },
  ])
})

describe('moving the decimal point', () => {
  test.each([
    ['12.3456', 3, 12_346],
    ['12.3454', 3, 12_345],
    ['0.0005', 3, 1],
    ['0.0004', 3, 0],
    ['-0.5', 0, -1],
    ['  42 ', 0, 42],
    ['.5', 3, 500],
    ['5.', 3, 5_000],
    ['1e3', 0, 1_000],
    ['1.5E-1', 3, 150],
    ['00012', 0, 12],
    ['9007199254740991', 0, 9_007_199_254_740_991],
    ['9007199254740992', 0, null],
    ['1e300', 0, null],
    ['', 0, null],
    ['.', 0, null],
    ['-', 0, null],
    ['0x10', 0, null],
    ['1 000', 0, null],
    ['Infinity', 0, null],
    ['4.35', 2, 435],
    ['1.005', 3, 1_005],
    ['123', -3, 0],
    ['567', -3, 1],
  ])('%s by %i is %s', (text, exponent, value) => {
    expect(scaled(text, exponent)).toBe(value)
  })

  test('no digit is lost: any thousandths round trip', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 }), (thousandths) => {
        const sign = thousandths < 0 ? '-' : ''
        const size = Math.abs(thousandths)
        const text = `${sign}${Math.floor(size / 1000)}.${String(size % 1000).padStart(3, '0')}`
        return scaled(text, 3) === (thousandths === 0 ? 0 : thousandths)
      }),
    )
  })

  test('fractions are seen', () => {
    expect(hasFraction('1.50')).toBe(true)
    expect(hasFraction('1.00')).toBe(false)
    expect(hasFraction('1')).toBe(false)
  })
})

// Owns the proof of signed meter data: read as it is, checked with keys of every curve, held against the bill, never a crash.
// Must not share code with what it checks.
import { createHash, createSign, generateKeyPairSync, getCurves } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareEnergy } from '../../../core/domain/meter/compare-energy.ts'
import { parseOcmf } from '../../../core/domain/meter/ocmf.ts'
import { readSignedRecord, textOfRecord } from '../../../core/services/metering/read-signed-data.ts'
import { verifyOcmf } from '../../../core/services/metering/verify-ocmf.ts'

const reading = (kind: string, value: unknown, more: object = {}) => ({
  TM: '2024-06-10T10:00:00,000+0200 S',
  TX: kind,
  RV: value,
  RI: '1-b:1.8.0',
  RU: 'kWh',
  EF: '',
  ST: 'G',
  ...more,
})
const payload = JSON.stringify({
  FV: '1.2',
  MS: 'M|1',
  PG: 'T12',
  RD: [reading('B', 100), { TM: '2024-06-10T11:00:00,500+0200 S', TX: 'E', RV: '110.0005' }],
})

function signed(curve: string, name: string, text = payload, encoding: 'hex' | 'base64' = 'hex') {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
  const data = createSign('sha256').update(text, 'utf8').sign(privateKey).toString(encoding)
  const record = `OCMF|${text}|${JSON.stringify({ SA: `ECDSA-${name}-SHA256`, SE: encoding, SD: data })}`
  return { record, publicKey }
}

function parsed(record: string) {
  const read = parseOcmf(record)
  if (read.kind !== 'ocmf') throw new Error(read.reason)
  return read
}

const curves = [
  ['prime256v1', 'secp256r1'],
  ['secp256k1', 'secp256k1'],
  ['secp384r1', 'secp384r1'],
  ['prime192v1', 'secp192r1'],
  ['secp192k1', 'secp192k1'],
  ['brainpoolP256r1', 'brainpool256r1'],
  ['brainpoolP384r1', 'brainpool384r1'],
].filter(([curve = '']) => getCurves().includes(curve)) as [string, string][]

describe('a signature', () => {
  test.each(curves)('of %s is verified with the key in every form it is written', (curve, name) => {
    const { record, publicKey } = signed(curve, name)
    const der = publicKey.export({ type: 'spki', format: 'der' })
    const size = { prime192v1: 24, secp192k1: 24, secp384r1: 48, brainpoolP384r1: 48 }[curve] ?? 32
    const point = der.subarray(der.length - 1 - 2 * size)
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
    for (const key of [
      der.toString('hex'),
      der.toString('base64'),
      pem,
      point.toString('hex'),
      point.toString('base64'),
    ]) {
      expect(verifyOcmf(parsed(record), key)).toEqual({ kind: 'verified' })
    }
  })

  test('over other bytes, with another key or of another curve is wrong; an unknown one is not judged', () => {
    const { record, publicKey } = signed('prime256v1', 'secp256r1', payload, 'base64')
    const key = publicKey.export({ type: 'spki', format: 'der' }).toString('hex')
    expect(verifyOcmf(parsed(record), key)).toEqual({ kind: 'verified' })
    expect(verifyOcmf(parsed(record.replace('100', '101')), key)).toMatchObject({ kind: 'wrong' })
    expect(verifyOcmf(parsed(record.replace('{"FV"', '{ "FV"')), key)).toMatchObject({ kind: 'wrong' })
    const other = signed('secp256k1', 'secp256k1').publicKey.export({ type: 'spki', format: 'der' }).toString('hex')
    expect(verifyOcmf(parsed(record), other)).toMatchObject({ kind: 'wrong' })
    const unknown = record.replace('ECDSA-secp256r1-SHA256', 'Ed448')
    expect(verifyOcmf(parsed(unknown), key)).toMatchObject({ kind: 'not_verifiable_here' })
    expect(verifyOcmf(parsed(record), 'zz')).toMatchObject({ kind: 'not_verifiable_here' })
  })
})

test('what a reading leaves out it has from the one before; a bar inside a name parts nothing', () => {
  const { meterSerial, pagination, readings } = parsed(signed('prime256v1', 'secp256r1').record)
  expect([meterSerial, pagination]).toEqual(['M|1', 'T12'])
  expect(readings).toEqual([
    {
      at: '2024-06-10T08:00:00.000Z',
      clock: 'S',
      kind: 'B',
      energyWh: '100000',
      register: '1-b:1.8.0',
      errors: '',
      state: 'G',
    },
    {
      at: '2024-06-10T09:00:00.500Z',
      clock: 'S',
      kind: 'E',
      energyWh: '110000.5',
      register: '1-b:1.8.0',
      errors: '',
      state: 'G',
    },
  ])
})

describe('against the bill', () => {
  const { readings } = parsed(signed('prime256v1', 'secp256r1').record)
  test.each([
    [10_000, 'agrees', '0.5 Wh'],
    [10_001, 'agrees', '-0.5 Wh'],
    [9000, 'differs', '1000.5 Wh more'],
    [11_000, 'differs', '999.5 Wh less'],
  ])('%d Wh: %s', (billed, verdict, words) => {
    const told = compareEnergy(readings, billed)
    expect([told.signedWh, told.verdict]).toEqual(['10000.5', verdict])
    expect(told.explanation).toContain(words)
  })
  test('a missing end, a doubtful clock and flagged energy are said', () => {
    expect(compareEnergy([], 1)).toMatchObject({ verdict: 'none' })
    expect(compareEnergy(readings.slice(0, 1), 1)).toMatchObject({
      verdict: 'incomplete',
      explanation: expect.stringContaining('end'),
    })
    const doubtful = readings.map((each) => ({ ...each, clock: 'U', errors: 'E' }))
    expect(compareEnergy(doubtful, 10_000).explanation).toMatch(/not synchronised, the meter flagged an error \(E\)/)
  })
})

test('a key of the operator goes before one that came with the data', () => {
  const { record, publicKey } = signed('prime256v1', 'secp256r1')
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const data = Buffer.from(Buffer.from(record).toString('base64'))
  const value = {
    sha256: createHash('sha256').update(data).digest('hex'),
    at: new Date(0),
    context: 'end',
    receivedAt: new Date(0),
    measurand: 'Energy.Active.Import.Register',
    encoding: 'OCMF',
    method: null,
    publicKey: key,
    data,
  }
  expect(textOfRecord(data)).toBe(record)
  expect(readSignedRecord(value, [])).toMatchObject({ signature: 'verified', keySource: 'sent', format: 'OCMF' })
  expect(readSignedRecord({ ...value, publicKey: null }, [])).toMatchObject({ signature: 'no_key', keySource: null })
  const wrong = signed('prime256v1', 'secp256r1').publicKey.export({ type: 'spki', format: 'der' }).toString('hex')
  expect(readSignedRecord(value, [{ meterSerial: 'M|1', publicKey: wrong }])).toMatchObject({
    signature: 'wrong',
    keySource: 'registered',
  })
  expect(readSignedRecord(value, [{ meterSerial: 'other', publicKey: wrong }])).toMatchObject({ signature: 'verified' })
})

test('nothing a station sends breaks the reader', () => {
  const { record, publicKey } = signed('prime256v1', 'secp256r1')
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('hex')
  const broken = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((text) => `OCMF|${text}`),
    fc.tuple(fc.nat(record.length), fc.string()).map(([at, text]) => record.slice(0, at) + text + record.slice(at + 1)),
    fc.json().map((text) => `OCMF|{"RD":[${text}]}|{"SD":${text}}`),
    fc.constant(`OCMF|${'['.repeat(50_000)}`),
    fc.constant('OCMF|{"__proto__":{"RD":1},"RD":[null]}|{}'),
  )
  fc.assert(
    fc.property(broken, (text) => {
      const read = parseOcmf(text)
      if (read.kind === 'unreadable') expect(read.reason).not.toBe('')
      else expect(['verified', 'wrong', 'not_verifiable_here']).toContain(verifyOcmf(read, key).kind)
    }),
    { numRuns: 500 },
  )
})

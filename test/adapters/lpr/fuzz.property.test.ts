// Owns the proof that no bytes, however broken or hostile, make a camera's file throw or hang: reads, or a problem and its place.
// Must not depend on a vendor's meaning.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import cameras from '../../../adapters/lpr/index.ts'
import { multipartBody } from '../../sim/lpr/multipart-body.ts'
import { bytesOf, fixtures } from './fixture.ts'
import { type Line, openLine, secret } from './line.ts'

const configs: Readonly<Record<string, object>> = {
  generic: {
    each: '/data/list',
    fields: { plate: '/plate', time: '/time', camera: '/camera', confidence: '/score', id: '/id', country: '/country' },
    candidates: { list: '/candidates', plate: '/plate', confidence: '/score' },
    images: [{ path: '/image', kind: 'scene', as: 'base64' }],
  },
  rekor: { singleResults: true, homeCountry: 'US' },
}

const nasty = fc.constantFrom<unknown>(
  null,
  '',
  0,
  -1,
  1e308,
  2 ** 53,
  [],
  {},
  [[]],
  [null],
  'a\0b',
  '\ud800',
  '9999-99-99T99:99:99Z',
  '99999999999999999999',
  '__proto__',
  true,
)

/** A document with one thing anywhere in it replaced, removed, added or nested. */
const mangledJson = (documents: readonly unknown[]) =>
  fc
    .record({
      document: fc.constantFrom(...documents),
      at: fc.nat(200),
      how: fc.constantFrom('replace', 'remove', 'add', 'nest'),
      value: fc.oneof(nasty, fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 200 })),
      name: fc.constantFrom('__proto__', 'constructor', 'toString', 'plate', 'Picture', '#text'),
    })
    .map(({ document, at, how, value, name }) => {
      const copy = structuredClone(document)
      const slots: [Record<string, unknown>, string][] = []
      const walk = (node: unknown) => {
        if (typeof node !== 'object' || node === null) return
        for (const key of Object.keys(node)) {
          slots.push([node as Record<string, unknown>, key])
          walk((node as Record<string, unknown>)[key])
        }
      }
      walk(copy)
      const [node, key] = slots[at % Math.max(slots.length, 1)] ?? [{}, '']
      if (how === 'remove') delete node[key]
      else if (how === 'add')
        Object.defineProperty(node, name, { value, enumerable: true, configurable: true, writable: true })
      else node[key] = how === 'nest' ? { [key]: node[key], deeper: value } : value
      return Buffer.from(JSON.stringify(copy))
    })

/** Bytes cut, doubled, flipped or spliced anywhere. */
const mangledBytes = (bodies: readonly Uint8Array[]) =>
  fc
    .record({
      body: fc.constantFrom(...bodies),
      at: fc.nat(),
      length: fc.nat(60),
      splice: fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        fc
          .constantFrom(
            '<',
            '>',
            '</',
            '<!DOCTYPE x>',
            '&lol;',
            ']]>',
            '<![CDATA[',
            '\r\n--',
            '--camera-boundary',
            '\0',
          )
          .map((text) => Buffer.from(text)),
      ),
    })
    .map(({ body, at, length, splice }) => {
      const start = at % (body.length + 1)
      return Buffer.concat([body.subarray(0, start), splice, body.subarray(start + length)])
    })

describe.each(cameras.map(({ id }) => id.replace(/^lpr-/, '')))('%s', (vendor) => {
  const own = fixtures.filter((each) => each.vendor === vendor)
  const documents = own.flatMap(({ message }) => (message.json === undefined ? [] : [message.json]))
  const bodies = own.map((each) => bytesOf(each).bytes)
  const types = fc.constantFrom(
    'application/json',
    'application/xml',
    'multipart/form-data; boundary=camera-boundary',
    'multipart/form-data',
    'multipart/mixed; boundary="',
    'application/x-www-form-urlencoded; charset=klingon',
    '',
  )
  let line: Line
  beforeAll(async () => {
    line = await openLine(vendor, {
      ...configs[vendor],
      proof: 'key',
      ...(['lector', 'milesight', 'tattile'].includes(vendor) ? { zone: 'Europe/Berlin' } : {}),
    })
  })
  afterAll(() => line.stop())

  const heard = async (body: Uint8Array, contentType: string) => {
    const before = line.tester.log.length
    const request = new Request('http://hub/in/x', {
      method: 'POST',
      body: body as Uint8Array<ArrayBuffer>,
      headers: contentType === '' ? {} : { 'content-type': contentType },
    })
    const response = await line.tester.inbound(request, `key/${secret}`)
    const lines = line.tester.log.slice(before)
    expect(lines.filter(({ level }) => level === 'error')).toEqual([])
    if (response.status === 400) {
      const { errors } = (await response.json()) as { errors: { pointer: unknown; message: unknown }[] }
      expect(errors).toEqual([{ pointer: expect.stringMatching(/^(\/.*)?$/s), message: expect.stringMatching(/./) }])
    } else expect(response.status).toBe(200)
    for (const report of line.tester.reports) {
      expect(Number.isNaN(report.takenAt.getTime())).toBe(false)
      expect(report.id).not.toBe('')
      if (report.type === 'plate') expect(report.plate).toMatch(/^[^\p{Cc}\p{Cs}]{1,64}$/u)
    }
  }

  test('any bytes', () =>
    fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), types, heard), { numRuns: 150 }))

  test('messages with bytes cut, doubled and spliced', () =>
    fc.assert(fc.asyncProperty(mangledBytes(bodies), types, heard), { numRuns: 200 }))

  if (documents.length > 0)
    test('documents with one thing replaced, removed, added or nested', () =>
      fc.assert(fc.asyncProperty(mangledJson(documents), types, heard), { numRuns: 200 }))

  test('documents inside parts', () =>
    fc.assert(
      fc.asyncProperty(mangledBytes(bodies), fc.string({ maxLength: 20 }), (body, name) => {
        const { bytes, contentType } = multipartBody([
          { name, body },
          { name: 'json', body },
        ])
        return heard(bytes, contentType)
      }),
      { numRuns: 80 },
    ))
})

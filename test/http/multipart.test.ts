// Owns the proof that the file in a form comes out byte for byte, however the body is cut into chunks.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundaryOf, filePart } from '../../core/http/multipart.ts'

async function* cut(body: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let i = 0; at < body.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1)
    yield body.subarray(at, at + size)
    at += size
  }
}

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

const form = (file: Buffer, more = '', disposition = 'form-data; name="file"; filename="a.log"') =>
  Buffer.concat([
    Buffer.from(`${more}--b0\r\nContent-Disposition: ${disposition}\r\nContent-Type: text/plain\r\n\r\n`),
    file,
    Buffer.from('\r\n--b0--\r\n'),
  ])

test('content comes out as it went in, whatever it holds and however it is cut', async () => {
  const pieces = fc.constantFrom('\r\n', '--b0', '\r\n--b', '-', '\r', '\n', '\u0000', 'x', '--b0--', 'Content-')
  await fc.assert(
    fc.asyncProperty(
      fc.array(pieces, { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (parts, sizes, preamble) => {
        const file = Buffer.from(parts.join(''))
        // A delimiter inside the content is not content: no client chooses a boundary that its file holds.
        fc.pre(!Buffer.concat([Buffer.from('\r\n'), file]).includes('\r\n--b0'))
        const before = preamble ? 'ignored\r\n--b0\r\nContent-Disposition: form-data; name="kind"\r\n\r\nlog\r\n' : ''
        const part = await filePart(cut(form(file, before), sizes), 'b0')
        expect(part).toMatchObject({ name: 'a.log', contentType: 'text/plain' })
        expect(part && (await all(part.chunks))).toEqual(file)
      },
    ),
    { numRuns: 300 },
  )
})

test.each([
  ['ends in the file', form(Buffer.from('half')).subarray(0, -12)],
  ['ends in the headers', form(Buffer.from('half')).subarray(0, 40)],
  ['has no delimiter', Buffer.from('nothing of the kind')],
  ['is empty', Buffer.alloc(0)],
])('a form that %s is not taken for a whole one', async (_what, body) => {
  const read = async () => {
    const part = await filePart(cut(body, [7]), 'b0')
    return part === null ? null : all(part.chunks)
  }
  await expect(read()).rejects.toThrow()
})

test('headers without an end are not collected for ever', async () => {
  const endless = Buffer.from(`--b0\r\nX: ${'y'.repeat(20_000)}`)
  await expect(filePart(cut(endless, [1000]), 'b0')).rejects.toThrow()
})

test('a form without a file has none', async () => {
  const body = form(Buffer.from('1'), '', 'form-data; name="kind"')
  expect(await filePart(cut(body, [5]), 'b0')).toBeNull()
})

test('a name may have quotes, letters of any language, or be missing', async () => {
  const nameOf = async (disposition: string) =>
    (await filePart(cut(form(Buffer.from('x'), '', disposition), [9]), 'b0'))?.name
  expect(await nameOf('form-data; name="f"; filename="a \\"b\\".log"')).toBe('a "b".log')
  expect(await nameOf('form-data; name="f"; filename="Störung.log"')).toBe('Störung.log')
  expect(await nameOf('form-data; name="f"; filename=plain.bin')).toBe('plain.bin')
  expect(await nameOf('form-data; name="f"; filename=""')).toBeNull()
})

describe('the boundary', () => {
  test.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data; charset=utf-8; boundary="a b"', 'a b'],
    ['multipart/form-data', undefined],
    [`multipart/form-data; boundary=${'x'.repeat(71)}`, undefined],
    ['application/octet-stream', null],
    [null, null],
  ])('of %s is %s', (type, boundary) => {
    expect(boundaryOf(type)).toBe(boundary)
  })
})

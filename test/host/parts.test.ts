// Owns the proof of the host's small parts: configuration checks, sealed secrets, redaction, merged API descriptions, limits.
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withDeadline } from '../../core/host/deadline.ts'
import { checkFragment, clashes, mergeFragments } from '../../core/host/openapi-merge.ts'
import { redactedLog, redaction } from '../../core/host/redacted-log.ts'
import { openSecret, sealSecret } from '../../core/host/secrets.ts'
import { compileConfigSchema } from '../../core/host/validate-config.ts'
import { manualClock } from '../../core/testing/manual-clock.ts'
import { memoryLog } from './hub.ts'

describe('a configuration', () => {
  test('is checked with pointers to every field at fault, and filled up without changing the input', () => {
    const validate = compileConfigSchema({
      type: 'object',
      required: ['a/b'],
      additionalProperties: false,
      properties: {
        'a/b': { type: 'string' },
        list: { type: 'array', items: { type: 'object', properties: { port: { type: 'integer' } } } },
        mode: { enum: ['x', 'y'], default: 'x' },
      },
    })
    expect(validate({ list: [{}, { port: 'no' }], mode: 'z', more: 1 })).toEqual({
      kind: 'invalid',
      problems: expect.arrayContaining([
        { pointer: '/a~1b', message: 'is required' },
        { pointer: '/more', message: 'is not a setting of this plugin' },
        { pointer: '/list/1/port', message: 'must be integer' },
        { pointer: '/mode', message: 'must be one of ["x","y"]' },
      ]),
    })
    const input = { 'a/b': 'c' }
    expect(validate(input)).toEqual({ kind: 'valid', config: { 'a/b': 'c', mode: 'x' } })
    expect(input).toEqual({ 'a/b': 'c' })
  })

  test('of two plugins with one $id do not meet', () => {
    const one = compileConfigSchema({ $id: 'config', type: 'object' })
    const two = compileConfigSchema({ $id: 'config', type: 'array' })
    expect([one({}).kind, two({}).kind]).toEqual(['valid', 'invalid'])
  })
})

describe('a secret', () => {
  const key = randomBytes(32)
  const place = { organizationId: 'o', connectionId: 'c', name: 'key' }

  test('comes back whole, from its own place, with its own key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const sealed = sealSecret(key, randomBytes(12), place, value)
        if (openSecret(key, place, sealed) !== Buffer.from(value).toString()) throw new Error('another text came back')
      }),
    )
    const sealed = sealSecret(key, randomBytes(12), place, 'abc')
    for (const wrong of [
      { ...place, name: 'other' },
      { ...place, connectionId: 'd' },
      { ...place, organizationId: 'p' },
    ])
      expect(() => openSecret(key, wrong, sealed)).toThrow(/cannot be opened/)
    expect(() => openSecret(randomBytes(32), place, sealed)).toThrow(/cannot be opened/)
  })

  test('with any byte changed or cut is refused', () => {
    const sealed = sealSecret(key, randomBytes(12), place, 'a value')
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => openSecret(key, place, changed)).toThrow(/cannot be opened/)
      expect(() => openSecret(key, place, sealed.subarray(0, at))).toThrow(/cannot be opened/)
    }
  })

  test('never shows twice the same', () => {
    const seal = () => sealSecret(key, randomBytes(12), place, 'a value').toString('hex')
    expect(seal()).not.toBe(seal())
    expect(() => sealSecret(key, randomBytes(8), place, 'x')).toThrow(/12 bytes/)
  })
})

describe('a redacted log', () => {
  test('hides secrets in texts, names, lists, errors and causes, in the forms they travel in', () => {
    const { log, lines } = memoryLog()
    const hide = redaction()
    hide.add('s3cret/value')
    const own = redactedLog(log, { connection: 'c', plugin: 'p' }, hide)
    const error = new Error('vendor said: bad token s3cret/value', { cause: new Error('s3cret/value') })
    const loop: Record<string, unknown> = { 's3cret/value': 1 }
    loop.self = loop
    own.warn(
      {
        err: error,
        loop,
        header: `Basic ${Buffer.from('s3cret/value').toString('base64')}`,
        url: `https://x/?k=${encodeURIComponent('s3cret/value')}`,
        list: [new Map([['k', 's3cret/value']]), 5n, null, Buffer.from('s3cret/value'), new Date(0)],
        connection: 'someone else',
      },
      'login with s3cret/value',
    )
    const [line] = lines
    const text = JSON.stringify(line)
    expect(text).not.toContain('s3cret/value')
    expect(text).not.toContain(Buffer.from('s3cret/value').toString('base64'))
    expect(text).not.toContain(encodeURIComponent('s3cret/value'))
    expect(line?.message).toBe('login with [secret]')
    expect(line?.fields).toMatchObject({
      connection: 'c',
      plugin: 'p',
      err: { name: 'Error', message: 'vendor said: bad token [secret]', cause: { message: '[secret]' } },
      loop: { self: '[circular]' },
      list: [{ k: '[secret]' }, '5', null, '[12 bytes]', '1970-01-01T00:00:00.000Z'],
    })
  })

  test('survives whatever it is given', () => {
    const { log } = memoryLog()
    const own = redactedLog(log, {}, redaction())
    fc.assert(
      fc.property(
        fc.anything({ withMap: true, withBigInt: true, withDate: true, withNullPrototype: true }),
        (value) => {
          own.info({ value }, 'x')
        },
      ),
    )
  })
})

describe("plugins' API descriptions", () => {
  const fragment = (operationId = 'listThings') => ({
    paths: {
      '/things': { get: { operationId, responses: { '200': { $ref: '#/components/schemas/Thing' } } } },
      '/things/{id}': { parameters: [], delete: { operationId: `${operationId}Delete`, 'x-scope': 'own:scope' } },
    },
    components: { schemas: { Thing: { properties: { next: { $ref: '#/components/schemas/Thing' } } } } },
  })

  test('are prefixed: paths, operation ids, schemas and the references to them', () => {
    const merged = mergeFragments([
      { pluginId: 'acme-parcs', fragment: fragment() },
      { pluginId: 'other', fragment: fragment() },
    ])
    expect(Object.keys(merged.paths)).toEqual([
      '/api/v1/x/acme-parcs/things',
      '/api/v1/x/acme-parcs/things/{id}',
      '/api/v1/x/other/things',
      '/api/v1/x/other/things/{id}',
    ])
    expect(merged.paths['/api/v1/x/acme-parcs/things']).toEqual({
      get: {
        operationId: 'AcmeParcs_listThings',
        'x-scope': 'plugins:read',
        tags: ['acme-parcs'],
        responses: { '200': { $ref: '#/components/schemas/AcmeParcs_Thing' } },
      },
    })
    expect(merged.paths['/api/v1/x/other/things/{id}']).toMatchObject({
      parameters: [],
      delete: { operationId: 'Other_listThingsDelete', 'x-scope': 'own:scope' },
    })
    expect(merged.schemas).toEqual({
      AcmeParcs_Thing: { properties: { next: { $ref: '#/components/schemas/AcmeParcs_Thing' } } },
      Other_Thing: { properties: { next: { $ref: '#/components/schemas/Other_Thing' } } },
    })
  })

  test('are refused with a reference to nothing, a name twice, a path that is none', () => {
    const hub = new Set(['#/components/responses/Problem'])
    const operation =
      (operation: object, path = '/x') =>
      () =>
        checkFragment({ paths: { [path]: { get: operation } } }, hub)
    expect(
      operation({ operationId: 'a', responses: { default: { $ref: '#/components/responses/Problem' } } }),
    ).not.toThrow()
    expect(operation({ operationId: 'a', responses: { default: { $ref: '#/components/schemas/Nothing' } } })).toThrow(
      /leads nowhere/,
    )
    expect(operation({ operationId: 'a', responses: { default: { $ref: 'https://elsewhere/x.json' } } })).toThrow(
      /leads nowhere/,
    )
    expect(operation({})).toThrow(/needs an operationId/)
    expect(operation({ operationId: 'a' }, 'x')).toThrow(/is no path/)
    expect(() => checkFragment({ paths: {} }, hub)).toThrow(/describes no operation/)
    expect(() =>
      checkFragment({ paths: { '/a': { get: { operationId: 'same' } }, '/b': { get: { operationId: 'same' } } } }, hub),
    ).toThrow(/two operations are called same/)
    expect(clashes([fragment('a'), fragment('b')])).toEqual(['GET /things', 'DELETE /things/{}'])
  })
})

describe('a limit', () => {
  const limit = (outer?: AbortSignal) => {
    const pace = manualClock(new Date(0))
    return { pace, deadline: { pace, ms: 100, what: 'the call', ...(outer ? { outer } : {}) } }
  }

  test('lets a call in time through, and ends its signal and timer with it', async () => {
    const { pace, deadline } = limit()
    let given: AbortSignal | undefined
    const result = await withDeadline(deadline, async (signal) => {
      given = signal
      return 5
    })
    expect(result).toBe(5)
    expect(given?.aborted).toBe(true)
    expect(pace.waiting).toBe(0)
  })

  test('ends a call that is late, or whose owner stops, and swallows what comes of it', async () => {
    const { pace, deadline } = limit()
    let fail: (error: unknown) => void = () => undefined
    const late = withDeadline(deadline, () => new Promise<never>((_, reject) => (fail = reject)))
    pace.advance(100)
    await expect(late).rejects.toMatchObject({ code: 'deadline_passed' })
    fail(new Error('too late to matter'))
    const outer = new AbortController()
    const stopped = withDeadline(limit(outer.signal).deadline, () => new Promise(() => undefined))
    outer.abort()
    await expect(stopped).rejects.toMatchObject({ code: 'stopped' })
    let called = false
    await expect(
      withDeadline(limit(outer.signal).deadline, async () => {
        called = true
      }),
    ).rejects.toMatchObject({ code: 'stopped' })
    expect(called).toBe(false)
  })

  test('passes on what the call throws, also at once', async () => {
    const { deadline } = limit()
    await expect(
      withDeadline(deadline, () => {
        throw new Error('at once')
      }),
    ).rejects.toThrow('at once')
  })
})

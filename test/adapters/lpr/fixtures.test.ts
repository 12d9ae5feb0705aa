// Owns the proof that every documented or observed message of every camera becomes the reads it should, over a real socket.
// Must not hold payloads; test/fixtures/lpr does.
import { describe, expect, test } from 'vitest'
import cameras from '../../../adapters/lpr/index.ts'
import type { ReaderReport } from '../../../core/plugin/index.ts'
import { post } from '../../sim/lpr/camera.ts'
import { bytesOf, type Fixture, fixtures } from './fixture.ts'
import { openLine, secret } from './line.ts'

/** Pictures by their size, instants as text. */
function shown(report: ReaderReport): unknown {
  const { images, takenAt, ...rest } = report as ReaderReport & { images?: { bytes?: Uint8Array }[] }
  const pictures = images?.map(({ bytes, ...image }) => (bytes ? { ...image, bytes: bytes.length } : image))
  return { ...rest, takenAt: takenAt.toISOString(), ...(pictures ? { images: pictures } : {}) }
}

async function heard(fixture: Fixture): Promise<Fixture['expect']> {
  const line = await openLine(fixture.vendor, { ...fixture.config, proof: 'key' }, { at: new Date(fixture.receivedAt) })
  try {
    const { status, body } = await post({
      url: `${line.url}key/${secret}/${fixture.address ?? ''}`,
      ...bytesOf(fixture),
    })
    const { reports, alive, log } = line.tester
    const warnings = log.filter(({ level }) => level === 'warn')
    const unreadable = warnings.find(({ message }) => message.includes('could not be read'))
    if (unreadable) {
      const { pointer, reason } = unreadable.fields as { pointer: string; reason: string }
      expect(reports).toEqual([])
      if (status !== 200) expect(JSON.parse(body)).toMatchObject({ status, errors: [{ pointer, message: reason }] })
      expect((await line.tester.health()).state).toBe('degraded')
      return { problem: { pointer, message: reason } }
    }
    expect(status).toBe(200)
    expect((await line.tester.health()).state).toBe('ok')
    return {
      ...(reports.length > 0 ? { reports: reports.map(shown) } : {}),
      ...(alive.size > 0 ? { alive: [...alive.keys()] } : {}),
      ...(warnings.length > 0 ? { notes: warnings.map(({ message }) => message) } : {}),
    }
  } finally {
    await line.stop()
  }
}

describe.each([...new Set(fixtures.map(({ vendor }) => vendor))])('%s', (vendor) => {
  test.each(fixtures.filter((each) => each.vendor === vendor))('$name: $about', async (fixture) => {
    expect(await heard(fixture)).toEqual(fixture.expect)
  })
})

test('every camera has fixtures, of reads and of being alive or of no plate', () => {
  for (const { id } of cameras) {
    const own = fixtures.filter(({ vendor }) => `lpr-${vendor}` === id)
    expect(
      own.some(({ expect: { reports } }) => reports),
      id,
    ).toBe(true)
    expect(
      own.some(({ expect: { alive } }) => alive),
      id,
    ).toBe(true)
  }
})

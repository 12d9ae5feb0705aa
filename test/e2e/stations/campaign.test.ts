// Owns a firmware campaign on a live hub from its start to its end: waves in order, signed links, boots, history.
// Must not look into the hub or move its clock.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allVersions } from '../../setup/ocpp-versions.ts'
import { freshCode, type LiveHub, liveHub } from '../live-hub.ts'
import { uploadFirmware } from './files.ts'

let hub: LiveHub
beforeAll(async () => {
  hub = await liveHub()
}, 300_000)
afterAll(() => hub.stop())

describe.each(allVersions)('%s', (version) => {
  test('four stations in two waves, the second not before the first has ended', async () => {
    const image = Buffer.from(`the firmware of ${version}`.repeat(500))
    // The simulator calls its firmware after what it has downloaded.
    const wanted = createHash('sha256').update(image).digest('hex').slice(0, 12)
    const added = await Promise.all(Array.from({ length: 4 }, () => hub.addStation(freshCode('FW'), version)))
    const told: string[] = []
    const onFrame = (code: string) => (direction: 'in' | 'out', text: string) => {
      if (direction === 'in' && text.includes('"UpdateFirmware"')) told.push(`begin ${code}`)
      if (direction === 'out' && text.includes('"Installed"')) told.push(`end ${code}`)
    }
    const stations = added.map((one) => hub.play(one, { onFrame: onFrame(one.code) }))
    for (const station of stations) expect(await station.connect()).toBe('accepted')
    const fileId = await uploadFirmware(hub, `${version}.bin`, image)
    const { campaignId } = await hub.call('POST', 'campaigns', {
      name: `All of ${version}`,
      fileId,
      firmwareVersion: wanted,
      target: { stationIds: added.map((one) => one.stationId) },
      waves: [{ count: 2 }],
      onlyWhenIdle: true,
    })
    const started = await hub.call('POST', `campaigns/${campaignId}/start`)
    expect(started).toMatchObject({ state: 'running', progress: { installed: 0, failed: 0, skipped: 0 } })

    await hub.until('the new firmware everywhere', async () =>
      stations.every((one) => one.state.firmware.version === wanted),
    )
    for (const station of stations) await station.reboot('FirmwareUpdate')

    const campaign = () => hub.call('GET', `campaigns/${campaignId}`)
    await hub.until('the end of the campaign', async () => (await campaign()).state === 'finished')
    expect(await campaign()).toMatchObject({
      wave: 1,
      reason: null,
      progress: { waiting: 0, queued: 0, downloading: 0, installing: 0, installed: 4, failed: 0, skipped: 0 },
    })
    const rows = await hub.all(`campaigns/${campaignId}/stations`)
    expect(rows).toHaveLength(4)
    for (const row of rows) {
      expect(row).toMatchObject({ state: 'installed', attempts: 1, fromFirmware: '1.0.0', toFirmware: wanted })
    }
    const inWave = (wave: number) => rows.filter((row) => row.wave === wave).map((row) => String(row.code))
    expect([inWave(0).length, inWave(1).length]).toEqual([2, 2])
    const ends = inWave(0).map((code) => told.indexOf(`end ${code}`))
    const begins = inWave(1).map((code) => told.indexOf(`begin ${code}`))
    expect(Math.min(...ends)).toBeGreaterThan(0)
    expect(Math.min(...begins)).toBeGreaterThan(Math.max(...ends))
    for (const { stationId } of added) {
      const [newest] = await hub.all(`stations/${stationId}/firmware-history`)
      expect(newest).toMatchObject({ fromFirmware: '1.0.0', toFirmware: wanted })
    }
  }, 180_000)
})

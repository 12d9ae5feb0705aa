// Owns firmware updates and publishing (1.6 section 5.19 and security extension; 2.x block L).
// Must not verify a signature; that a station refuses one is told through `answers`.
import { createHash } from 'node:crypto'
import { type Block, type Core, given, part, status } from '../core.ts'
import type { Payload } from '../options.ts'

/** Fetches what it is told to fetch; what cannot be fetched is a failed download. */
async function download(address: string): Promise<Buffer | null> {
  const answer = await fetch(address).catch(() => null)
  return answer?.ok === true ? Buffer.from(await answer.arrayBuffer()) : null
}

async function update(core: Core, action: string, address: string, requestId: unknown, signed: boolean): Promise<void> {
  const { state } = core
  const report = async (word: string) => {
    state.firmware.status = word
    await core.pause(1_000)
    const withId = action === 'FirmwareStatusNotification' && core.v16 ? {} : { requestId }
    await core.tell(action, given({ status: word, ...withId }))
  }
  state.firmware.requestId = typeof requestId === 'number' ? requestId : undefined
  await report('Downloading')
  const image = await download(address)
  if (image === null) return report('DownloadFailed')
  await report('Downloaded')
  if (signed) await report('SignatureVerified')
  await report('Installing')
  await report('Installed')
  state.firmware.version = createHash('sha256').update(image).digest('hex').slice(0, 12)
  state.firmware.status = 'Idle'
}

const firmwareOf = ({ firmware }: Payload) => part(firmware)

export const firmware: Block = {
  UpdateFirmware: (payload, core) => {
    if (core.v16) {
      const run = () => update(core, 'FirmwareStatusNotification', String(payload.location), undefined, false)
      return { payload: {}, after: run }
    }
    const { location, signature } = firmwareOf(payload)
    const signed = signature !== undefined
    return status('Accepted', () =>
      update(core, 'FirmwareStatusNotification', String(location), payload.requestId, signed),
    )
  },
  SignedUpdateFirmware: (payload, core) =>
    status('Accepted', () =>
      update(core, 'SignedFirmwareStatusNotification', String(firmwareOf(payload).location), payload.requestId, true),
    ),
  PublishFirmware: ({ location, checksum, requestId }, core) =>
    status('Accepted', async () => {
      const report = (word: string, more: Payload = {}) =>
        core.tell('PublishFirmwareStatusNotification', { status: word, requestId, ...more })
      await report('Downloading')
      const image = await download(String(location))
      if (image === null) return report('DownloadFailed')
      await report('Downloaded')
      // The standard asks for MD5 here (L03.FR.04).
      if (createHash('md5').update(image).digest('hex') !== checksum) return report('InvalidChecksum')
      await report('ChecksumVerified')
      const address = `http://${core.code.toLowerCase()}.local/${checksum}`
      core.state.published.set(String(checksum), address)
      return report('Published', { location: [address] })
    }),
  UnpublishFirmware: ({ checksum }, { state }) =>
    status(state.published.delete(String(checksum)) ? 'Unpublished' : 'NoFirmware'),
}

// Owns diagnostics and logs: the file that is put where the hub said, and what is told about it (1.6 section 5.9, security extension; 2.x N01).
// Must not upload anything of this machine.
import { type Block, type Core, given, ok, part } from '../core.ts'

async function upload(address: string, fileName: string, content: string): Promise<boolean> {
  if (!/^https?:/.test(address)) return false
  const target = address.endsWith('/') ? address + fileName : address
  for (const method of ['PUT', 'POST']) {
    const headers = { 'content-type': 'text/plain' }
    const answer = await fetch(target, { method, headers, body: content }).catch(() => null)
    if (answer?.ok === true) return true
    if (answer !== null && answer.status !== 405) return false
  }
  return false
}

const contentOf = (core: Core, kind: string) =>
  [`${kind} of ${core.code}`, ...core.state.evses.map((evse) => `EVSE ${evse.id}: ${evse.registerWs} Ws`), ''].join(
    '\n',
  )

export const logs: Block = {
  GetDiagnostics: ({ location }, core) => {
    const fileName = `${core.code}-diagnostics.txt`
    return ok({ fileName }, async () => {
      const tell = (word: string) => {
        core.state.diagnostics = word
        return core.tell('DiagnosticsStatusNotification', { status: word })
      }
      await tell('Uploading')
      await core.pause(1_000)
      await tell(
        (await upload(String(location), fileName, contentOf(core, 'Diagnostics'))) ? 'Uploaded' : 'UploadFailed',
      )
      core.state.diagnostics = 'Idle'
    })
  },
  GetLog: ({ log, logType, requestId }, core) => {
    const filename = `${core.code}-${String(logType)}.txt`
    return ok({ status: 'Accepted', filename }, async () => {
      const tell = (word: string) => {
        core.state.log = { status: word, requestId: Number(requestId) }
        return core.tell('LogStatusNotification', given({ ...core.state.log }))
      }
      await tell('Uploading')
      await core.pause(1_000)
      const { remoteLocation } = part(log)
      const done = await upload(String(remoteLocation), filename, contentOf(core, String(logType)))
      await tell(done ? 'Uploaded' : 'UploadFailure')
      core.state.log = { status: 'Idle', requestId: undefined }
    })
  },
}

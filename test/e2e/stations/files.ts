// Owns file transfer and changes of records over the API of a live hub: what is no JSON, or needs a version.
// Must not judge answers beyond their status.
import { adminKey } from '../kill/garage.ts'
import type { LiveHub } from '../live-hub.ts'

const authorization = `Bearer ${adminKey}`

export async function uploadFirmware(hub: LiveHub, name: string, content: Buffer): Promise<string> {
  const url = `${hub.process.url}/api/v1/files?kind=firmware&name=${encodeURIComponent(name)}`
  const headers = { authorization, 'content-type': 'application/octet-stream' }
  const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(content) })
  if (!answer.ok) throw new Error(`upload: ${answer.status} ${await answer.text()}`)
  return String(((await answer.json()) as { fileId: string }).fileId)
}

export async function downloadFile(hub: LiveHub, fileId: string): Promise<Buffer> {
  const answer = await fetch(`${hub.process.url}/api/v1/files/${fileId}/content`, { headers: { authorization } })
  if (!answer.ok) throw new Error(`download: ${answer.status} ${await answer.text()}`)
  return Buffer.from(await answer.arrayBuffer())
}

/** PATCH, or DELETE without a body, of the version that is there now. */
export async function change(hub: LiveHub, path: string, body?: object): Promise<void> {
  const url = `${hub.process.url}/api/v1/${path}`
  const etag = (await fetch(url, { headers: { authorization } })).headers.get('etag') ?? ''
  const headers = { authorization, 'content-type': 'application/json', 'if-match': etag }
  const answer =
    body === undefined
      ? await fetch(url, { method: 'DELETE', headers: { authorization, 'if-match': etag } })
      : await fetch(url, { method: 'PATCH', headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
}

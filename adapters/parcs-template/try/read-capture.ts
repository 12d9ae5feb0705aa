// Owns reading a capture of a vendor's traffic: a HAR file of a browser or proxy, or lines of JSON written by hand.
// Must not know profiles.
import { parseJson, type Read } from '../../../core/plugin/index.ts'

export interface Captured {
  /** Where it stands in the capture, for messages: "entry 3", "line 3". */
  place: string
  /** `answer`: the vendor answered a call of ours; `webhook`: the vendor called us. */
  kind: 'answer' | 'webhook'
  method: string
  /** Path with query of an answer's request; the path of a webhook below /in/{connectionId}/. */
  path: string
  /** The text as it went over the wire. */
  body: string
  form: boolean
}

export function readCapture(text: string): Read<readonly Captured[]> {
  const whole = parseJson(text)
  if (whole.kind === 'ok' && isObject(whole.value) && isObject(whole.value.log)) return readHar(whole.value.log)
  const found: Captured[] = []
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const place = `line ${i + 1}`
    const json = parseJson(line)
    if (json.kind === 'bad') return { ...json, detail: `${place}: ${json.detail}` }
    const read = lineOf(json.value, place)
    if (typeof read === 'string') return { kind: 'bad', code: 'capture_invalid', detail: `${place}: ${read}` }
    found.push(read)
  }
  return { kind: 'ok', value: found }
}

function lineOf(value: unknown, place: string): Captured | string {
  if (!isObject(value)) return 'is no object'
  const { kind, method = kind === 'webhook' ? 'POST' : 'GET', path, body, form = false } = value
  if (kind !== 'answer' && kind !== 'webhook') return '"kind" has to be "answer" or "webhook"'
  if (typeof path !== 'string' || typeof method !== 'string') return 'needs "path", and "method" as a text'
  if (body === undefined) return 'needs "body": JSON, or the text as it was sent'
  const sent = typeof body === 'string' ? body : JSON.stringify(body)
  return { place, kind, method, path: pathOf(path), body: sent, form: form === true }
}

function readHar({ entries }: Record<string, unknown>): Read<readonly Captured[]> {
  const bad = (detail: string) => ({ kind: 'bad' as const, code: 'har_invalid', detail })
  if (!Array.isArray(entries)) return bad('/log/entries is no list')
  const found: Captured[] = []
  for (const [i, entry] of (entries as unknown[]).entries()) {
    const { request, response } = isObject(entry) ? entry : {}
    if (!isObject(request) || typeof request.url !== 'string' || typeof request.method !== 'string')
      return bad(`/log/entries/${i}/request has no url and method`)
    const place = `entry ${i + 1}`
    const [, inbound] = /\/in\/[^/]+\/([^?#]*)/.exec(request.url) ?? []
    if (inbound !== undefined) {
      const { text = '', mimeType = '' } = isObject(request.postData) ? request.postData : {}
      const form = String(mimeType).includes('x-www-form-urlencoded')
      found.push({ place, kind: 'webhook', method: request.method, path: inbound, body: String(text), form })
      continue
    }
    const { text = '', encoding } = isObject(response) && isObject(response.content) ? response.content : {}
    const body = encoding === 'base64' ? Buffer.from(String(text), 'base64').toString('utf8') : String(text)
    found.push({ place, kind: 'answer', method: request.method, path: pathOf(request.url), body, form: false })
  }
  return { kind: 'ok', value: found }
}

function pathOf(url: string): string {
  if (!/^https?:/.test(url) || !URL.canParse(url)) return url
  const { pathname, search } = new URL(url)
  return pathname + search
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

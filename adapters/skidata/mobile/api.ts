// Owns the calls of the MobileAPI: their paths, the key they carry, and the words of a refusal.
// Must not repeat a call, nor put the key where it is logged: it goes in the body, never in the address of a call.
import { callVendor, type VendorAnswer } from '../../../core/plugin/index.ts'

export type ApiCall =
  | 'CalculateRate'
  | 'ApplyPayment'
  | 'ApplyValidation'
  | 'ApplyPromotion'
  | 'FinalizeTransaction'
  | 'CreateMultipleUseIdentifier'
  | 'GetValidationProviders'

export interface ApiDeps {
  baseUrl: string
  fetch: typeof fetch
  apiKey(): Promise<string>
}

export type MobileApi = (name: ApiCall, body: object, signal?: AbortSignal) => Promise<VendorAnswer>

export function mobileApi({ baseUrl, fetch, apiKey }: ApiDeps): MobileApi {
  return async (name, body, signal) =>
    callVendor({
      fetch,
      method: 'POST',
      url: apiUrl(baseUrl, name),
      json: { APIKey: await apiKey(), ...body },
      ...(signal ? { signal } : {}),
    })
}

const apiUrl = (baseUrl: string, name: string) => `${baseUrl.replace(/\/+$/, '')}/api/${name}`

/** Where the key stands when the event socket is opened: a handshake has no body. */
export interface SocketKey {
  socketKeyIn: 'query' | 'header'
  socketKeyName: string
}

/** Of the event socket. */
export function monitorCall(
  baseUrl: string,
  { socketKeyIn, socketKeyName }: SocketKey,
  apiKey: string,
): { url: URL; headers: Record<string, string> } {
  const url = new URL(apiUrl(baseUrl, 'TransactionMonitor'))
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  if (socketKeyIn === 'query') url.searchParams.set(socketKeyName, apiKey)
  return { url, headers: socketKeyIn === 'header' ? { [socketKeyName]: apiKey } : {} }
}

/** The frame that serves it (ASP.NET Web API) answers refusals as {Message, …}; the codes of its own are not public. */
export function refusalOf(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  const { Message, ErrorMessage, ErrorCode } = json as Record<string, unknown>
  const said = [ErrorCode, ErrorMessage ?? Message].filter(
    (part) => (typeof part === 'string' && part !== '') || typeof part === 'number',
  )
  return said.length > 0 ? `The vendor answered: ${said.join(' ').slice(0, 300)}` : undefined
}

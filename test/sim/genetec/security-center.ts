// Owns a simulated Pay-by-Plate Sync role: it takes permits from its provider, all of them or what changed, and asks before a fine.
// Must not share a line with the adapter: it is written from the public pages of Genetec's developer portal alone.

export const apiKey = 'key-of-the-security-center'

export interface WirePermit {
  Expiry: string
  Activation: string
  PermitId: string
  PlateNumber: string
  PlateState: string
  Make: string
  Color: string
}

export interface SecurityCenter {
  /** What it holds of each zone, by permit and plate. */
  permits: Map<string, Map<string, WirePermit>>
  tokens: Map<string, string>
  /** The next answers are lost on the way: nothing of them is kept. */
  lose: number
  zones(): Promise<{ ZoneId: string; Name: string }[]>
  /** @returns the permits in the answer, or the status of a refusal */
  sync(zoneId: string, how: 'full' | 'changes'): Promise<WirePermit[] | number>
  /** By what it holds, without asking anybody. */
  holds(zoneId: string, plate: string, at: Date): boolean
  lastChance(plate: string, zoneIds: string[]): Promise<unknown>
  search(plates: string[], zoneIds: string[]): Promise<{ ZoneId: string; Permits: WirePermit[] }[] | number>
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
}

export function securityCenter(provider: () => string): SecurityCenter {
  const center: SecurityCenter = {
    permits: new Map(),
    tokens: new Map(),
    lose: 0,
    call: (method, path, body, headers = { 'x-api-key': apiKey }) =>
      fetch(`${provider()}/api/pbp/v2014-06/${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    zones: async () => (await center.call('GET', 'zones')).json() as Promise<{ ZoneId: string; Name: string }[]>,
    async sync(zoneId, how) {
      const token = how === 'full' ? undefined : center.tokens.get(zoneId)
      const query = token === undefined ? '' : `?continuationToken=${encodeURIComponent(token)}`
      const answer = await center.call('GET', `zones/${zoneId}/permits${query}`)
      if (!answer.ok) return answer.status
      const said = (await answer.json()) as { ContinuationToken: string; Permits: WirePermit[] }
      if (center.lose > 0) {
        center.lose -= 1
        return 0
      }
      const held = token === undefined ? new Map() : (center.permits.get(zoneId) ?? new Map())
      for (const permit of said.Permits) held.set(`${permit.PermitId} ${permit.PlateNumber}`, permit)
      center.permits.set(zoneId, held)
      center.tokens.set(zoneId, said.ContinuationToken)
      return said.Permits
    },
    holds: (zoneId, plate, at) =>
      [...(center.permits.get(zoneId)?.values() ?? [])].some(
        (permit) =>
          permit.PlateNumber === plate &&
          new Date(`${permit.Activation.replace(/Z$/, '')}Z`) <= at &&
          at < new Date(permit.Expiry),
      ),
    async lastChance(plate, zoneIds) {
      const answer = await center.call('POST', 'isvalid', { PlateNumber: plate, ZoneIds: zoneIds })
      return answer.ok ? answer.json() : answer.status
    },
    async search(plates, zoneIds) {
      const answer = await center.call('POST', 'permits/search', { PlateNumbers: plates, ZoneIds: zoneIds })
      if (!answer.ok) return answer.status
      return ((await answer.json()) as { PermitZones: { ZoneId: string; Permits: WirePermit[] }[] }).PermitZones
    },
  }
  return center
}

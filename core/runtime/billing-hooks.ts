// Owns what plugins are asked while a bill is made: lines to add, and whether to wait.
// Must not know which plugin answers.
import type { PricedLine } from '../domain/price.ts'
import type { Host } from '../host/host.ts'

export function billingHooks(host: Host) {
  return {
    listening: (of: { organizationId: string; siteId: string }) =>
      host.hasInterceptors('price', of) || host.hasInterceptors('settle', of),
    async price(ask: {
      organizationId: string
      siteId: string
      subjectKey: string
      currency: string
      lines: readonly PricedLine[]
    }) {
      const { organizationId, ...question } = ask
      const { answer, by } = await host.runIntercept('price', question, { organizationId, siteId: ask.siteId })
      return answer.kind === 'add' && by !== null ? [{ by, lines: answer.lines }] : []
    },
    async settle(ask: {
      organizationId: string
      siteId: string
      subjectKey: string
      totalMinor: number
      currency: string
    }) {
      const { organizationId, ...question } = ask
      const { answer } = await host.runIntercept('settle', question, { organizationId, siteId: ask.siteId })
      return answer.kind === 'hold'
        ? { kind: 'hold' as const, until: new Date(answer.until), reason: answer.reason }
        : { kind: 'pass' as const }
    },
  }
}

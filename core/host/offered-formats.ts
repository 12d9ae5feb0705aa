// Owns the accounting formats that an organization can export to.
// Must not judge one.
import type { AccountingFormat } from '../plugin/index.ts'
import type { Host } from './host.ts'

/** Of two with one id the first stands: those that plugins offer by themselves come before those of connections. */
export function offeredFormats(host: Pick<Host, 'offers'>) {
  return (organizationId: string): { pluginId: string; format: AccountingFormat }[] => {
    const seen = new Set<string>()
    return host
      .offers('exporter', organizationId)
      .flatMap(({ pluginId, implementation }) => implementation.formats.map((format) => ({ pluginId, format })))
      .filter(({ format }) => !seen.has(format.id) && seen.add(format.id))
  }
}

// Owns what all plugins of accounting formats have in common: they are used as they are, without a connection.
// Must not know a format.
import type { AccountingFormat } from '../../domain/closed-period.ts'
import { definePlugin, type PluginDef } from '../define-plugin.ts'

/**
 * A plugin that is nothing but formats.
 * @example
 * export default accountingPlugin({ id: 'accounting-acme', title: 'Acme Ledger files', formats: [acmeCsv] })
 */
export function accountingPlugin(parts: {
  id: string
  title: string
  version: string
  hub: string
  formats: readonly AccountingFormat[]
}): PluginDef<Record<string, never>, 'exporter'> {
  const { formats, ...named } = parts
  return definePlugin<Record<string, never>, 'exporter'>({
    ...named,
    apiVersion: 1,
    capabilities: ['exporter'],
    offers: { exporter: { formats } },
    connectable: false,
    config: { type: 'object', additionalProperties: false, properties: {} },
    setup: async () => undefined,
  })
}

// Owns the operations that tell which engines there are and try rules before anybody pays by them.
// Must not read rules; the engine that is named does.
import { lintTariff } from '../../services/billing/lint-tariff.ts'
import { previewPrice } from '../../services/billing/preview-price.ts'
import type { HostPorts } from '../api-ports.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { shown } from '../replies.ts'

export function tariffTools(host: HostPorts): Part<'listTariffEngines' | 'previewTariff' | 'lintTariff'> {
  const engines = ({ access: { organizationId } }: CallContext) => ({
    engine: (pluginId: string) => host.capability('tariff', { organizationId, pluginId })[0]?.implementation ?? null,
  })
  return {
    async listTariffEngines(_call, { access: { organizationId } }) {
      const titles = new Map(host.listPlugins().map(({ pluginId, title }) => [pluginId, title]))
      const running = new Map(host.capability('tariff', { organizationId }).map((one) => [one.pluginId, one]))
      const items = [...running].map(([engine, { implementation }]) => ({
        engine,
        title: titles.get(engine) ?? engine,
        schema: { ...implementation.schema },
      }))
      return { status: 200, body: { items: items.sort((a, b) => a.title.localeCompare(b.title, 'en')) } }
    },
    previewTariff: ({ body }, context) => shown(previewPrice(engines(context))(body)),
    lintTariff: ({ body }, context) => shown(lintTariff(engines(context))(body)),
  }
}

// Owns the operations that try rules before anybody pays by them.
// Must not read rules; the engine that is named does.
import { lintTariff } from '../../services/billing/lint-tariff.ts'
import { previewPrice } from '../../services/billing/preview-price.ts'
import type { HostPorts } from '../api-ports.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { shown } from '../replies.ts'

export function tariffTools(host: HostPorts): Part<'previewTariff' | 'lintTariff'> {
  const engines = ({ access: { organizationId } }: CallContext) => ({
    engine: (pluginId: string) => host.capability('tariff', { organizationId, pluginId })[0]?.implementation ?? null,
  })
  return {
    previewTariff: ({ body }, context) => shown(previewPrice(engines(context))(body)),
    lintTariff: ({ body }, context) => shown(lintTariff(engines(context))(body)),
  }
}

// Owns the operation that carries a tariff into another format.
// Must not hold rules; core/domain/tariff-exchange does.
import { convertRules } from '../../services/billing/convert-rules.ts'
import type { HostPorts } from '../api-ports.ts'
import type { Part } from '../operation-types.ts'
import { mapped, shown } from '../replies.ts'

export function tariffExchange(host: HostPorts): Part<'convertTariff'> {
  return {
    async convertTariff({ body }, { access: { organizationId } }) {
      const convert = convertRules({
        engine: (pluginId) => host.capability('tariff', { organizationId, pluginId })[0]?.implementation ?? null,
      })
      return shown(
        await mapped(convert(body), ({ engine, rules, lost }) => ({
          engine,
          rules: { ...rules },
          lost: [...lost],
        })),
      )
    },
  }
}

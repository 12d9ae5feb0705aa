// Owns the operations that are no records: health, metrics, the document and its page.
// Must not show anything that needs a key.

import type { HostPorts, ServicePorts } from '../api-ports.ts'
import type { Contract } from '../contract.ts'
import { docsPage } from '../docs-page.ts'
import type { Part } from '../operation-types.ts'

type Ids = 'getLiveness' | 'getReadiness' | 'getMetrics' | 'getOpenApi' | 'getDocs'

export interface ServiceOperationsDeps {
  contract: Contract
  host: HostPorts
  service: ServicePorts
  version: string
  closing: AbortSignal
}

export function service({ contract, host, service: ports, version, closing }: ServiceOperationsDeps): Part<Ids> {
  /** The contract with the paths of the plugins that run now. */
  const document = () => {
    const { paths, schemas } = host.openapiFragments()
    const own = contract.document as {
      info: object
      paths: object
      components: { schemas: object }
    }
    return {
      ...own,
      info: { ...own.info, version },
      paths: { ...own.paths, ...paths },
      components: { ...own.components, schemas: { ...own.components.schemas, ...schemas } },
    }
  }
  return {
    getLiveness: () => ({ status: 200, body: { status: 'ok' } }),
    async getReadiness() {
      const going = { name: 'shutdown', ok: false, detail: 'The hub is going down.' }
      const checks = [...(closing.aborted ? [going] : []), ...(await ports.readiness())]
      const ready = checks.every((check) => check.ok)
      return ready ? { status: 200, body: { ready, checks } } : { status: 503, body: { ready, checks } }
    },
    async getMetrics() {
      return new Response(await ports.metrics.metrics(), { headers: { 'Content-Type': ports.metrics.contentType } })
    },
    getOpenApi: () => ({ status: 200, body: document() }),
    getDocs: () => docsPage(document()),
  }
}

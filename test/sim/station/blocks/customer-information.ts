// Owns what a station knows of its customers, told and forgotten (2.x N09, N10).
// Must not invent customers: those whose cards it has seen are known.
import { type Block, part, status } from '../core.ts'

const charactersPerMessage = 512

export const customerInformation: Block = {
  CustomerInformation: ({ requestId, report, clear, idToken, customerIdentifier, customerCertificate }, core) => {
    const named = [idToken, customerIdentifier, customerCertificate].filter((one) => one !== undefined)
    if (named.length !== 1 || (report !== true && clear !== true)) return status('Invalid')
    const token = String(part(idToken).idToken ?? customerIdentifier ?? part(customerCertificate).serialNumber)
    const known = [core.state.authorizationCache.get(token), core.state.localList.entries.get(token)?.status]
    const text = known.some((one) => one !== undefined) ? `${token}: ${known.filter(Boolean).join(', ')}` : ''
    if (clear === true) {
      core.state.authorizationCache.delete(token)
      core.state.localList.entries.delete(token)
    }
    return status('Accepted', async () => {
      const parts = report === true ? (text.match(new RegExp(`.{1,${charactersPerMessage}}`, 'gs')) ?? ['']) : ['']
      for (const [seqNo, data] of parts.entries()) {
        const tbc = seqNo < parts.length - 1
        await core.tell('NotifyCustomerInformation', { requestId, seqNo, data, tbc, generatedAt: core.stamp() })
      }
    })
  },
}

// Owns the answer to a car that presents its contract: the certificates first, then the ordinary judgement of the eMAID.
// Must not let a contract charge whose certificates nobody has verified.
import type { Authorization, AuthorizationStatus } from '../../domain/charger-fact.ts'
import type { ContractVerdict } from '../../domain/contract-provider.ts'
import type { AuthoriseToken } from '../charger/charger-deps.ts'
import type { ProviderDeps } from './provider-inquiries.ts'

const statuses: Readonly<Record<ContractVerdict['status'], AuthorizationStatus>> = {
  accepted: 'accepted',
  signature_invalid: 'invalid',
  no_chain: 'invalid',
  expired: 'expired',
  revoked: 'blocked',
  cancelled: 'blocked',
}

/** @param authorise the ordinary judgement of a token */
export function authoriseContract(deps: ProviderDeps, authorise: (request: AuthoriseToken) => Promise<Authorization>) {
  return async (request: AuthoriseToken): Promise<Authorization> => {
    const { contract, token } = request
    if (contract === undefined) return authorise(request)
    const verdict = await verdictOf(deps, request)
    if (verdict.status !== 'accepted') {
      return { status: statuses[verdict.status], reason: verdict.reason, contract: verdict.status }
    }
    // Whatever the station called the token, what has certificates is a contract.
    const judged = await authorise({ ...request, token: { ...token, kind: 'emaid' } })
    return { ...judged, contract: 'accepted' }
  }
}

async function verdictOf(deps: ProviderDeps, request: AuthoriseToken): Promise<ContractVerdict> {
  const { contract, token, organizationId, at } = request
  const provider = deps.provider(organizationId)
  if (provider === undefined) return { status: 'no_chain', reason: 'No certificate provider is set up.' }
  const { chain, hashes } = contract ?? {}
  if ((chain ?? '') === '' && (hashes ?? []).length === 0) {
    return { status: 'no_chain', reason: 'The station sent no certificates of the contract.' }
  }
  const question = {
    emaid: token.value,
    at,
    ...(chain === undefined ? {} : { chain }),
    ...(hashes === undefined ? {} : { hashes }),
  }
  try {
    const verdict = await deps.within(() => provider.authorizeContract(question))
    if (Object.hasOwn(statuses, verdict?.status)) return verdict
    deps.log.warn({}, 'the certificate provider answered something else')
  } catch (error) {
    deps.log.warn({ err: error }, 'the certificate provider did not answer')
  }
  return { status: 'no_chain', reason: 'The certificate provider did not answer, so nobody verified the contract.' }
}

// Owns putting stations' questions about contract certificates to the provider, with the standard's polite no where there is no answer.
// Must not wait longer than its deadline: the station's other messages wait meanwhile.
import type { ContractProvider } from '../../domain/contract-provider.ts'
import type { Log } from '../../domain/log.ts'
import type { Inquiries, InquiryAnswer } from '../../domain/station-inquiry.ts'
import { type Asking, type InquiryHandlers, refusingInquiries } from '../charger/inquiry-handlers.ts'

export interface ProviderDeps {
  /** The organization's provider, when one is at work. */
  provider(organizationId: string): ContractProvider | undefined
  /** Rejects when the call has not ended in time. */
  within<T>(call: () => Promise<T>): Promise<T>
  log: Log
}

type Topic = 'certificate.status' | 'certificate.chain_status' | 'contract.certificate'

export function providerInquiries(deps: ProviderDeps): Pick<InquiryHandlers, Topic> {
  const put =
    <T extends Topic>(
      topic: T,
      ask: (provider: ContractProvider, question: Inquiries[T]['ask']) => Promise<InquiryAnswer<T>>,
      isAnswer: (answer: InquiryAnswer<T>) => boolean,
    ) =>
    async (question: Inquiries[T]['ask'], asking: Asking): Promise<InquiryAnswer<T>> => {
      const no = async (reason: string | null): Promise<InquiryAnswer<T>> => {
        const refused = await refusingInquiries[topic](question as never, asking)
        return (
          reason === null || topic === 'certificate.chain_status' ? refused : { ...refused, reason }
        ) as InquiryAnswer<T>
      }
      const provider = deps.provider(asking.station.record.organization_id)
      if (provider === undefined) return no(null)
      try {
        const answer = await deps.within(() => ask(provider, question))
        if (isAnswer(answer)) return answer
        deps.log.warn({ topic }, 'the certificate provider answered something else')
      } catch (error) {
        deps.log.warn({ err: error, topic }, 'the certificate provider did not answer')
      }
      return no('The certificate provider did not answer.')
    }
  return {
    'certificate.status': put(
      'certificate.status',
      (provider, question) => provider.ocspStatus(question),
      (answer) => typeof answer?.accepted === 'boolean',
    ),
    'certificate.chain_status': put(
      'certificate.chain_status',
      (provider, question) => provider.chainStatus(question),
      (answer) => Array.isArray(answer?.results),
    ),
    'contract.certificate': put(
      'contract.certificate',
      (provider, question) => provider.contractCertificate(question),
      (answer) => typeof answer?.accepted === 'boolean' && typeof answer.exiResponse === 'string',
    ),
  }
}

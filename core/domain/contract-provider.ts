// Owns what the hub asks of whoever knows charging contracts and their certificates (Plug & Charge).
// Must not name a provider.
import type { Authorization } from './charger-fact.ts'
import type { Inquiries, InquiryAnswer, RevocationQuestion } from './station-inquiry.ts'

export interface ContractQuestion {
  /** As the station sent it. */
  emaid: string
  /** The contract's certificate and those above it, in PEM. */
  chain?: string
  /** Where the station has verified the chain itself: what its revocation can be asked by. */
  hashes?: readonly RevocationQuestion[]
  /** The instant by which validity is judged. */
  at: Date
}

export interface ContractVerdict {
  status: NonNullable<Authorization['contract']>
  reason: string
}

/** All of it may call the outside; the hub waits five seconds. */
export interface ContractProvider {
  authorizeContract(question: ContractQuestion): Promise<ContractVerdict>
  ocspStatus(ask: RevocationQuestion): Promise<InquiryAnswer<'certificate.status'>>
  chainStatus(ask: Inquiries['certificate.chain_status']['ask']): Promise<InquiryAnswer<'certificate.chain_status'>>
  /** Installs or updates; request and answer are EXI in base64, which only the provider reads and writes. */
  contractCertificate(ask: Inquiries['contract.certificate']['ask']): Promise<InquiryAnswer<'contract.certificate'>>
}

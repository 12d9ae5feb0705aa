// Owns what a station asks of the hub and waits for an answer with content: certificates, contracts, needs of a car, receipts.
// Must not name an OCPP message; adapters translate, core services answer.
import type { DeviceTime } from './device-words.ts'
import type { CertificateHash, ScheduleUpdate, StationCertificateUse } from './station-command.ts'

/** A certificate whose revocation is asked for, with where its issuer answers. */
export interface RevocationQuestion extends CertificateHash {
  responderUrl: string
}

/** What each kind of inquiry asks and is answered with. */
export interface Inquiries {
  /** The signed certificate follows as a command of its own. */
  'certificate.sign': {
    ask: { csr: string; use: StationCertificateUse; requestId?: number }
    answer: { accepted: boolean; reason?: string }
  }
  /** An OCSP answer for a certificate of a charging contract or a V2G chain. */
  'certificate.status': {
    ask: RevocationQuestion
    answer: { accepted: boolean; ocspResult?: string; reason?: string }
  }
  /** 2.1: the state of each certificate of a chain, by CRL or OCSP. */
  'certificate.chain_status': {
    ask: { requests: { hash: CertificateHash; source: 'crl' | 'ocsp'; urls: string[] }[] }
    answer: {
      results: {
        hash: CertificateHash
        source: 'crl' | 'ocsp'
        status: 'good' | 'revoked' | 'unknown' | 'failed'
        nextUpdate: string
      }[]
    }
  }
  /** ISO 15118 contract certificate: the request and the answer are EXI in base64, made and read by the provider. */
  'contract.certificate': {
    ask: {
      schemaVersion: string
      action: 'install' | 'update'
      exiRequest: string
      maximumChains?: number
      prioritizedEmaids?: string[]
    }
    answer: { accepted: boolean; exiResponse: string; remainingContracts?: number; reason?: string }
  }
  /** What a car needs (ISO 15118). `processing` promises a profile later. */
  'ev.needs': {
    ask: {
      /** As they were sent. */
      needs: Record<string, unknown>
      maxScheduleTuples?: number
      /** What of them every car and version has: when it wants to leave, how much it wants, how the energy is to flow. */
      departureAt?: string
      energyWh?: number
      transfer?: string
    }
    answer: { status: 'accepted' | 'rejected' | 'processing' | 'no_profile' }
  }
  /** 2.1: the current values of a dynamic profile. */
  'schedule.pull': {
    ask: { profileId: number }
    answer: { accepted: boolean; limits?: ScheduleUpdate; reason?: string }
  }
  /** 2.1: an ad hoc payment was settled at the terminal. Amounts are the station's decimals as text. */
  'payment.settled': {
    ask: {
      transaction?: string
      pspRef: string
      status: string
      info?: string
      amount: string
      at: string
      receiptId?: string
      receiptUrl?: string
      vatNumber?: string
      vatCompany?: Record<string, unknown>
    }
    answer: { receiptId?: string; receiptUrl?: string }
  }
  /** 2.1: is this a company's VAT number? */
  'vat_number.check': {
    ask: { vatNumber: string }
    answer: { accepted: boolean; company?: Record<string, unknown>; reason?: string }
  }
  /** 2.1: the station wants to open a stream of values. */
  'stream.open': {
    ask: { streamId: number; monitorId: number; intervalSeconds?: number; values?: number }
    answer: { accepted: boolean; reason?: string }
  }
  data_transfer: {
    ask: { vendorId: string; messageId?: string; data?: unknown }
    answer: { status: 'accepted' | 'rejected' | 'unknown_message' | 'unknown_vendor'; data?: unknown }
  }
}

export type InquiryTopic = keyof Inquiries

export type StationInquiry<T extends InquiryTopic = InquiryTopic> = {
  [K in T]: { kind: 'inquiry'; topic: K; ask: Inquiries[K]['ask']; evse?: number; time: DeviceTime }
}[T]

export type InquiryAnswer<T extends InquiryTopic> = Inquiries[T]['answer']

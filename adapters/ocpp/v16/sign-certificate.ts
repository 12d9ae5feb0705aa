// Owns SignCertificate of the 1.6 security extension: the station asks for a certificate of its own.
// Must not sign; the certificate follows as a command.
import type { OCPP16 } from 'typed-ocpp'
import type { StationInquiry } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'

export const signCertificate = factMessage<StationInquiry<'certificate.sign'>, OCPP16.SignCertificateRequest>({
  action: 'SignCertificate',
  kept: false,
  read: ({ csr }, _reading, receivedAt) => ({
    kind: 'inquiry',
    topic: 'certificate.sign',
    ask: { csr: csr ?? '', use: 'station' },
    time: { at: receivedAt, device: null },
  }),
  reply: ({ accepted }): OCPP16.SignCertificateResponse => ({ status: accepted ? 'Accepted' : 'Rejected' }),
})

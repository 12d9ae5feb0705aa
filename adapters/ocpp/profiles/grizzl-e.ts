// Owns the departures of Grizzl-E stations.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { model: 'grizzl' },
  flags: { defaultOcppVersion: 'ocpp1.6' },
  source: 'lbbrhzn/ocpp#442, steve-community/steve#1109: no Sec-WebSocket-Protocol in the handshake',
} satisfies ProfileFile
